"""Trust in outside issuers: added, changed, and taken away with all that rests on it.

A trust that federated credentials name is not taken away by itself, since that would look like
nothing and lock jobs out; with its credentials it is, at once, and every token made through them
loses its force with the next request.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlsplit

import msgspec

from pratique.admission.changes.draft import Draft, display_name
from pratique.admission.errors import AlreadyExists, NotFound, Unacceptable
from pratique.admission.records import TrustRecord
from pratique.admission.snapshot import Snapshot
from pratique.identity import Application
from pratique.identity.directory_tokens import is_issuer
from pratique.identity.federation import json_object, read_keys
from pratique.naming.errors import printable

MAX_LENGTH: Final = 512
MAX_AUDIENCES: Final = 20
MAX_JWKS: Final = 256 * 1024
_SCHEMES = frozenset({"https", "http", "spiffe"})
# Members that only private and symmetric keys have (RFC 7518 section 6).
_SECRET_MEMBERS = frozenset({"d", "k", "p", "q", "dp", "dq", "qi", "oth"})


@dataclass(frozen=True, slots=True)
class Removed:
    """A trust that is gone, and the applications that lost credentials with it."""

    trust: TrustRecord
    applications: tuple[Application, ...]


def add(
    draft: Draft, issuer: str, audiences: Iterable[str], name: str | None, jwks: str | None
) -> TrustRecord:
    """Take tokens of an issuer from now on.

    Args:
        draft: collects the change.
        issuer: its `iss`, exactly as it stands in its tokens.
        audiences: of which a token must name one.
        name: for people; the issuer's host when None.
        jwks: its keys, in JSON; None to ask the issuer for them.

    Raises:
        Unacceptable: an issuer, audience or key set that makes no sense.
        AlreadyExists: it is trusted already, or the name is taken.
    """
    check_issuer(issuer, keys_given=jwks is not None)
    if is_issuer(issuer, draft.snapshot.registry.tenant):
        raise Unacceptable("the registry's own directory needs no trust; its tokens are taken")
    present = draft.snapshot.of_kind(TrustRecord)
    same = next((t for t in present if t.issuer.casefold() == issuer.casefold()), None)
    if same is not None:
        raise AlreadyExists(
            f"`{same.issuer}` is trusted already; `pratique trust update` changes its audiences"
        )
    shown = display_name(name or urlsplit(issuer).netloc)
    if any(t.name.casefold() == shown.casefold() for t in present):
        raise AlreadyExists(f"there is a trust called `{shown}`; choose another name with --name")
    trust = TrustRecord(issuer, shown, _audiences(audiences), draft.at, _jwks(jwks))
    draft.put(trust)
    return trust


def update(
    draft: Draft,
    reference: str,
    *,
    audiences: tuple[str, ...] | None = None,
    jwks: str | None = None,
) -> TrustRecord:
    """Change what is given and leave the rest; an empty key set lets the issuer be asked again.

    Raises:
        NotFound: there is no such trust.
        Unacceptable: the new values make no sense.
    """
    trust = find(draft.snapshot, reference)
    if audiences is not None:
        trust = msgspec.structs.replace(trust, audiences=_audiences(audiences))
    if jwks is not None:
        check_issuer(trust.issuer, keys_given=bool(jwks))
        trust = msgspec.structs.replace(trust, jwks=_jwks(jwks or None))
    draft.put(trust)
    return trust


def remove(draft: Draft, reference: str, *, with_credentials: bool) -> Removed:
    """Take no more tokens of an issuer.

    Args:
        draft: collects the change.
        reference: the issuer, or the trust's name.
        with_credentials: take away the federated credentials that name it too.

    Raises:
        NotFound: there is no such trust.
        Unacceptable: credentials name it and are not to go with it.
    """
    trust = find(draft.snapshot, reference)
    resting = users_of(draft.snapshot, trust)
    if resting and not with_credentials:
        told = ", ".join(f"`{printable(a.display_name)}`" for a in resting[:5])
        more = f" and {len(resting) - 5} more" if len(resting) > 5 else ""
        raise Unacceptable(
            f"federated credentials of {told}{more} name `{trust.issuer}`; remove those first, or "
            "all of it at once with --with-credentials"
        )
    draft.delete(trust)
    for application in resting:
        kept = tuple(c for c in application.federated if c.issuer != trust.issuer)
        draft.put(msgspec.structs.replace(application, federated=kept))
    return Removed(trust, resting)


def find(snapshot: Snapshot, reference: str) -> TrustRecord:
    """The trust that `reference` means: an issuer, or a trust's name.

    Raises:
        NotFound: there is none.
    """
    key = reference.casefold()
    trusts = snapshot.of_kind(TrustRecord)
    for trust in trusts:
        if trust.issuer == reference:
            return trust
    named = [t for t in trusts if t.name.casefold() == key]
    if len(named) == 1:
        return named[0]
    raise NotFound(
        f"no issuer `{printable(reference, 200)}` is trusted; `pratique trust list` shows them"
    )


def users_of(snapshot: Snapshot, trust: TrustRecord) -> tuple[Application, ...]:
    """The applications with federated credentials that name the issuer."""
    return tuple(
        application
        for application in snapshot.directory.applications.values()
        if any(c.issuer == trust.issuer for c in application.federated)
    )


def check_issuer(issuer: str, *, keys_given: bool) -> None:
    """Refuse what cannot be the `iss` of an issuer that is asked for its keys, or has given them.

    Whether its host may be asked is decided each time when it is.

    Raises:
        Unacceptable: with the rule that it breaks.
    """
    shown = printable(issuer, 200)
    if not 0 < len(issuer) <= MAX_LENGTH or not issuer.isascii() or not issuer.isprintable():
        raise Unacceptable(f"`{shown}` is no issuer; it has 1 to {MAX_LENGTH} ASCII characters")
    try:
        parts = urlsplit(issuer)
        hosted = bool(parts.hostname) and "@" not in parts.netloc and parts.port != 0
    except ValueError:
        hosted = False
    if not hosted or parts.scheme not in _SCHEMES or set(issuer) & set(" \\?#"):
        raise Unacceptable(
            f"`{shown}` is no issuer; give the `iss` of its tokens, as in "
            "`https://token.actions.githubusercontent.com`"
        )
    if parts.scheme == "spiffe" and not keys_given:
        raise Unacceptable(
            f"`{shown}` cannot be asked for its keys; give them with --jwks (a SPIFFE bundle)"
        )


def _audiences(given: Iterable[str]) -> tuple[str, ...]:
    audiences = tuple(dict.fromkeys(given))
    if not 0 < len(audiences) <= MAX_AUDIENCES:
        raise Unacceptable(
            f"a trust has 1 to {MAX_AUDIENCES} audiences; give the `aud` that tokens for this "
            "registry are asked with"
        )
    for audience in audiences:
        if not 0 < len(audience) <= MAX_LENGTH or not audience.isprintable():
            raise Unacceptable(f"`{printable(audience)}` is no audience")
    return audiences


def _jwks(given: str | None) -> str | None:
    if given is None:
        return None
    if len(given) > MAX_JWKS:
        raise Unacceptable(f"the key set is larger than {MAX_JWKS} bytes")
    try:
        read_keys(given)
        entries = json_object(given.encode("utf-8", "surrogatepass"))["keys"]
    except ValueError as error:
        raise Unacceptable(f"the key set is of no use: {error}") from error
    if any(isinstance(entry, dict) and entry.keys() & _SECRET_MEMBERS for entry in entries):
        raise Unacceptable("the key set holds a private key; give public keys only")
    return given
