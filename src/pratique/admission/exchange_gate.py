"""The gate of the exchange: whose directory token is it, ours or an outside issuer's?

Counted as at every other sign-in (`attempts`), under a mark of the token that is shown: a token
cannot be guessed, so nobody can lock out others by showing what looks like theirs.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from pratique.admission.attempts import SignInAttempts, check_patience, source_of
from pratique.admission.gate import Caller
from pratique.admission.outside_tokens import OutsideTokens
from pratique.admission.own_tokens import OwnTokens, caller_of
from pratique.admission.records import RegistryRecord
from pratique.admission.snapshot import Snapshot
from pratique.admission.user_gate import UserGate
from pratique.identity import SignInFailure, SignInRefused, TokenRejected
from pratique.identity.directory_tokens import (
    ACR_AUDIENCE,
    ACR_AUDIENCES,
    ARM_AUDIENCES,
    is_issuer,
)
from pratique.identity.federation import UnverifiedToken, take_apart
from pratique.naming.errors import printable

# Names under which every tenant answers.
ANY_TENANT: Final = frozenset({"common", "organizations"})


@dataclass(frozen=True, slots=True)
class Exchanged:
    """Somebody proved by a directory token.

    Attributes:
        issuer: of the token, for the operator.
        note: what the token says that gives no rights here, in a sentence; empty for nothing.
        unsorted: claims of a well-known issuer that this version knows nothing of.
    """

    caller: Caller
    object_id: str
    issuer: str
    note: str = ""
    unsorted: tuple[str, ...] = ()


class ExchangeGate:
    """Authenticates by directory tokens.

    Args:
        attempts: remembers what was refused.
        outside: verifies tokens of outside issuers.
        people: says whether a user's sign-in still stands.
    """

    def __init__(self, attempts: SignInAttempts, outside: OutsideTokens, people: UserGate) -> None:
        self._attempts = attempts
        self._outside = outside
        self._own_tokens = OwnTokens(people)

    async def authenticate(
        self, snapshot: Snapshot, unverified: str, *, tenant: str, source: str, at: datetime
    ) -> Exchanged:
        """Whose token this is.

        Args:
            snapshot: law and directory of this request.
            unverified: the compact JWT.
            tenant: which the client says it is of; empty when it does not say.
            source: the client's address.
            at: now, with a time zone.

        Raises:
            SignInRefused: it proves nobody, or somebody who may not come in; the sentence names
                the claim that is wrong.
            KeysUnavailable: the outside issuer's keys cannot be had.
        """
        counted = source_of(source)
        mark = hashlib.sha256(unverified.encode("utf-8", "surrogatepass")).hexdigest()
        account = f"exchange:{mark[:40]}"
        try:
            token = take_apart(unverified)
            if _is_own(snapshot, token, at):
                proved = await self._own(snapshot, unverified, tenant, at)
            else:
                proved = await self._of_outside(snapshot, token, tenant, at)
        except TokenRejected as rejected:
            if rejected.reason is SignInFailure.TOKEN_INVALID:
                # After the token was looked at: a good one is taken however many were not.
                await check_patience(self._attempts, counted, account, at)
                await self._attempts.failed(counted, account, at)
            raise SignInRefused(rejected.reason, str(rejected)) from rejected
        return proved

    async def _own(
        self, snapshot: Snapshot, unverified: str, tenant: str, at: datetime
    ) -> Exchanged:
        registry = snapshot.registry
        audiences = {*ACR_AUDIENCES, *(ARM_AUDIENCES if registry.accepts_arm_tokens else ())}
        holder = await self._own_tokens.holder(snapshot, unverified, audiences, at)
        _check_tenant(tenant, registry, holder.claims.tid)
        return Exchanged(holder.caller, holder.account.object_id, holder.claims.iss)

    async def _of_outside(
        self, snapshot: Snapshot, token: UnverifiedToken, tenant: str, at: datetime
    ) -> Exchanged:
        claims = await self._outside.verify(snapshot, token, at)
        if claims.audiences & ARM_AUDIENCES and not snapshot.registry.accepts_arm_tokens:
            raise _invalid(
                "the claim `aud` names the resource manager, whose tokens this registry does not "
                f"take; ask for a token for `{ACR_AUDIENCE}`"
            )
        _check_tenant(tenant, snapshot.registry, claims.tenant)
        try:
            application, credential = self._outside.match(snapshot, claims)
        except TokenRejected as rejected:
            told = f"{rejected}; {claims.note}" if claims.note else str(rejected)
            raise TokenRejected(rejected.reason, told) from rejected
        return Exchanged(
            caller_of(application, credential.credential_id),
            application.object_id,
            claims.issuer,
            claims.note,
            claims.unsorted,
        )


def _is_own(snapshot: Snapshot, token: UnverifiedToken, at: datetime) -> bool:
    """Whether a token says that it is this directory's; nothing more follows from it."""
    return snapshot.keys.verifies(token.key_id, at) or is_issuer(
        token.issuer, snapshot.registry.tenant
    )


def _check_tenant(asked: str, registry: RegistryRecord, of_token: str) -> None:
    """Refuse a token of another tenant than the client says.

    Raises:
        TokenRejected: it names neither this directory nor the token's own tenant.
    """
    ours = {registry.tenant.casefold(), registry.tenant_domain.casefold(), *ANY_TENANT}
    if asked and asked.casefold() not in ours | {of_token.casefold()}:
        raise _invalid(
            f"the field `tenant` is `{printable(asked)}`, which is neither this directory "
            f"(`{registry.tenant}`) nor the tenant of the token"
        )


def _invalid(sentence: str) -> TokenRejected:
    return TokenRejected(SignInFailure.TOKEN_INVALID, sentence)
