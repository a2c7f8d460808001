"""Trust in outside issuers."""

from __future__ import annotations

import msgspec
from msgspec import UNSET

from pratique.admission import Snapshot, Unacceptable
from pratique.admission.changes import trusts
from pratique.admission.records import TrustRecord
from pratique.http.management import shapes, views
from pratique.http.management.visit import Visit
from pratique.http.wire.answers import Given, Made
from pratique.identity.federation import (
    KeysUnavailable,
    Publication,
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


class WhichTrust(msgspec.Struct, frozen=True):
    """The issuer or the name of a trust, and whether the credentials that need it go too."""

    issuer: str
    with_credentials: bool = False


async def list_trusts(visit: Visit) -> Given[list[shapes.Trust]]:
    """All of them by name."""
    snapshot = visit.view()
    found = sorted(snapshot.of_kind(TrustRecord), key=lambda t: t.name.casefold())
    return Given([_shown(trust, snapshot) for trust in found])


async def add_trust(visit: Visit, wanted: NewTrust) -> Made[shapes.Trust]:
    """Take tokens of an issuer from now on."""
    made = await visit.change(
        lambda draft: trusts.add(draft, wanted.issuer, wanted.audiences, wanted.name, wanted.jwks)
    )
    return Made(_shown(made, visit.snapshot))


async def update_trust(visit: Visit, wanted: TrustUpdate) -> Given[shapes.Trust]:
    """Change audiences or keys."""
    changed = await visit.change(
        lambda draft: trusts.update(
            draft, wanted.issuer, audiences=wanted.audiences, jwks=wanted.jwks
        )
    )
    return Given(_shown(changed, visit.snapshot))


async def remove_trust(visit: Visit, query: WhichTrust) -> Given[shapes.Trust]:
    """Take no more tokens of an issuer."""
    before = visit.snapshot
    gone = await visit.change(
        lambda draft: trusts.remove(draft, query.issuer, with_credentials=query.with_credentials)
    )
    return Given(_shown(gone.trust, before))


async def check_issuer(visit: Visit, wanted: IssuerToCheck) -> Given[shapes.CheckedIssuer]:
    """Ask an issuer for its metadata and keys now, and tell what was found."""
    snapshot = visit.view()
    trust = next((t for t in snapshot.of_kind(TrustRecord) if t.issuer == wanted.issuer), None)
    if trust is not None and trust.jwks is not None:
        return Given(_checked(wanted.issuer, read_keys(trust.jwks), trusted=True))
    trusts.check_issuer(wanted.issuer, keys_given=False)
    try:
        publication = await visit.issuers.fetch(wanted.issuer)
        keys = read_keys(publication.keys)
    except KeysUnavailable as error:
        raise Unacceptable(str(error)) from error
    except ValueError as error:
        raise Unacceptable(f"the key set of `{wanted.issuer}` is of no use: {error}") from error
    return Given(_checked(wanted.issuer, keys, trusted=trust is not None, publication=publication))


def _checked(
    issuer: str, keys: PublishedKeys, *, trusted: bool, publication: Publication | None = None
) -> shapes.CheckedIssuer:
    return shapes.CheckedIssuer(
        issuer=issuer,
        kind=kind_of(issuer).name,
        trusted=trusted,
        asked=publication is not None,
        metadata=publication.metadata_url if publication else UNSET,
        keys_from=publication.keys_url if publication else UNSET,
        private_address=publication.inside if publication else UNSET,
        keys=len(keys),
        key_ids=sorted(keys.by_id),
        algorithms=list(keys.algorithms),
    )


def _shown(trust: TrustRecord, snapshot: Snapshot) -> shapes.Trust:
    given = trust.jwks is not None
    return shapes.Trust(
        issuer=trust.issuer,
        name=trust.name,
        kind=kind_of(trust.issuer).name,
        audiences=list(trust.audiences),
        keys="given" if given else "discovered",
        metadata=None if given else discovery_url(trust.issuer),
        service_principals=sorted(a.display_name for a in trusts.users_of(snapshot, trust)),
        created=views.instant(trust.created_at),
    )
