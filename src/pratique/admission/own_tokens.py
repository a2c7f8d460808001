"""Tokens of this registry's own directory before the law of the moment: whose are they?"""

from __future__ import annotations

from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from datetime import datetime

from pratique.access import DirectoryPrincipal
from pratique.admission.gate import Caller
from pratique.admission.snapshot import Snapshot
from pratique.admission.user_gate import UserGate
from pratique.identity import Application, SignInFailure, TokenRejected, User
from pratique.identity.directory_tokens import DirectoryClaims, verify_directory_token
from pratique.naming.errors import printable


@dataclass(frozen=True, slots=True)
class Holder:
    """Somebody of this directory, proved by a token that it made."""

    account: User | Application
    claims: DirectoryClaims

    @property
    def caller(self) -> Caller:
        """The holder as whoever asks."""
        return caller_of(self.account, self.claims.cid)


class OwnTokens:
    """Says who stands behind a token of this directory, as long as everything behind it stands.

    Args:
        people: says whether a user's sign-in still stands.
    """

    def __init__(self, people: UserGate) -> None:
        self._people = people

    async def holder(
        self, snapshot: Snapshot, unverified: str, audiences: AbstractSet[str], at: datetime
    ) -> Holder:
        """Whose token this is.

        Args:
            snapshot: law and directory of this request.
            unverified: the compact JWT.
            audiences: of which the token must name one.
            at: now, with a time zone.

        Raises:
            TokenRejected: it has no force here; the sentence names the claim that is wrong.
            SignInRefused: the sign-in of its user has no force any more.
        """
        claims = verify_directory_token(
            unverified, snapshot.keys, tenant=snapshot.registry.tenant, audiences=audiences, at=at
        )
        account = snapshot.directory.by_object_id.get(claims.oid)
        if not isinstance(account, User | Application):
            raise TokenRejected(
                SignInFailure.CREDENTIAL_REVOKED,
                f"the claim `oid` is `{printable(claims.oid)}`, who is not in this directory any "
                "more",
            )
        if not account.enabled:
            raise TokenRejected(
                SignInFailure.ACCOUNT_DISABLED,
                f"`{account.display_name}` is disabled; ask the operator of this registry to "
                "enable it",
            )
        if not snapshot.directory.credential_stands(claims.cid, at):
            raise TokenRejected(
                SignInFailure.CREDENTIAL_REVOKED,
                "the credential that this token was made with was revoked or has expired; sign in "
                "again",
            )
        if claims.sid is not None:
            await self._people.still(snapshot, claims.oid, claims.cid, claims.sid, at)
        return Holder(account, claims)


def caller_of(account: User | Application, credential_id: str) -> Caller:
    """An account as whoever asks, by the credential of that id."""
    name = account.user_name if isinstance(account, User) else account.display_name
    return Caller(DirectoryPrincipal(account.object_id), name, None, credential_id)
