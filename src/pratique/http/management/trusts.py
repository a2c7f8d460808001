"""Trust in outside issuers."""

from __future__ import annotations

from typing import Any

import msgspec

from pratique.admission import Snapshot, Unacceptable
from pratique.admission.changes import trusts
from pratique.admission.records import TrustRecord
from pratique.http.management import views
from pratique.http.management.visit import UnreadableBody, Visit
from pratique.http.wire.messages import Response, json_response
from pratique.identity.federation import (
    KeysUnavailable,
    PublishedKeys,
    discovery_url,
    kind_of,
    read_keys,
)


class NewTrust(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Whose tokens shall be taken, and for which audiences."""

    issuer: str
    audiences: tuple[str, ...]
    name: str | None = None
    jwks: str | None = None


class TrustUpdate(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What shall change of the trust in an issuer; an empty `jwks` has the issuer asked again."""

    issuer: str
    audiences: tuple[str, ...] | None = None
    jwks: str | None = None


class IssuerToCheck(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """An issuer, trusted or not yet."""

    issuer: str


async def list_trusts(visit: Visit) -> Response:
    """All of them by name."""
    snapshot = visit.view()
    found = sorted(snapshot.of_kind(TrustRecord), key=lambda t: t.name.casefold())
    return json_response(200, [_shown(trust, snapshot) for trust in found])


async def add_trust(visit: Visit) -> Response:
    """Take tokens of an issuer from now on."""
    wanted = await visit.body(NewTrust)
    made = await visit.change(
        lambda draft: trusts.add(draft, wanted.issuer, wanted.audiences, wanted.name, wanted.jwks)
    )
    return json_response(201, _shown(made, visit.snapshot))


async def update_trust(visit: Visit) -> Response:
    """Change audiences or keys."""
    wanted = await visit.body(TrustUpdate)
    changed = await visit.change(
        lambda draft: trusts.update(
            draft, wanted.issuer, audiences=wanted.audiences, jwks=wanted.jwks
        )
    )
    return json_response(200, _shown(changed, visit.snapshot))


async def remove_trust(visit: Visit) -> Response:
    """Take no more tokens of an issuer."""
    issuer = visit.request.parameter("issuer")
    if not issuer:
        raise UnreadableBody("say which trust: `?issuer=ISSUER`, or its name")
    with_credentials = visit.request.parameter("with_credentials") == "true"
    before = visit.snapshot
    gone = await visit.change(
        lambda draft: trusts.remove(draft, issuer, with_credentials=with_credentials)
    )
    return json_response(200, _shown(gone.trust, before))


async def check_issuer(visit: Visit) -> Response:
    """Ask an issuer for its metadata and keys now, and tell what was found."""
    wanted = await visit.body(IssuerToCheck)
    snapshot = visit.view()
    trust = next((t for t in snapshot.of_kind(TrustRecord) if t.issuer == wanted.issuer), None)
    content: dict[str, Any] = {
        "issuer": wanted.issuer,
        "kind": kind_of(wanted.issuer).name,
        "trusted": trust is not None,
    }
    if trust is not None and trust.jwks is not None:
        return json_response(200, {**content, "asked": False, **_keys(read_keys(trust.jwks))})
    trusts.check_issuer(wanted.issuer, keys_given=False)
    try:
        publication = await visit.issuers.fetch(wanted.issuer)
        keys = read_keys(publication.keys)
    except KeysUnavailable as error:
        raise Unacceptable(str(error)) from error
    except ValueError as error:
        raise Unacceptable(f"the key set of `{wanted.issuer}` is of no use: {error}") from error
    return json_response(
        200,
        {
            **content,
            "asked": True,
            "metadata": publication.metadata_url,
            "keys_from": publication.keys_url,
            "private_address": publication.inside,
            **_keys(keys),
        },
    )


def _keys(keys: PublishedKeys) -> dict[str, Any]:
    return {"keys": len(keys), "key_ids": sorted(keys.by_id), "algorithms": keys.algorithms}


def _shown(trust: TrustRecord, snapshot: Snapshot) -> dict[str, Any]:
    given = trust.jwks is not None
    return {
        "issuer": trust.issuer,
        "name": trust.name,
        "kind": kind_of(trust.issuer).name,
        "audiences": list(trust.audiences),
        "keys": "given" if given else "discovered",
        "metadata": None if given else discovery_url(trust.issuer),
        "service_principals": sorted(a.display_name for a in trusts.users_of(snapshot, trust)),
        "created": views.instant(trust.created_at),
    }
