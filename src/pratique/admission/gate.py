"""The gate: who is it, and may they?"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import NamedTuple, assert_never

from pratique.access import (
    AboutAssignment,
    AdminUser,
    Allowed,
    Anonymous,
    Attenuation,
    ControlAction,
    Denied,
    DirectoryPrincipal,
    FolderOwner,
    Question,
    RegistryAction,
    RepositoryToken,
    Resource,
    Subject,
    decide,
)
from pratique.admission.attempts import SignInAttempts, seconds_to_wait, source_of
from pratique.admission.snapshot import Snapshot, Snapshots
from pratique.identity import (
    ACCESS_TOKEN,
    NULL_GUID,
    BasicCredentials,
    BearerToken,
    Credentials,
    NoCredentials,
    PasswordHasher,
    SignInFailure,
    SignInRefused,
    TokenRejected,
    VerifiedToken,
    VerifiedTokens,
    sign_in,
)


class Caller(NamedTuple):
    """Somebody at the gate, proved.

    Attributes:
        name: what they signed in with, for logs and the `sub` claim.
        attenuation: what their access token was made for; None for a full credential.
        credential_id: of the secret behind it all; empty for nobody.
        expires_at: seconds since 1970 at which the registry token they showed ends; None when
            they showed none. What is made of it must not outlive it.
    """

    subject: Subject
    name: str
    attenuation: Attenuation | None = None
    credential_id: str = ""
    expires_at: int | None = None

    @property
    def anonymous(self) -> bool:
        """Whether nothing was proved."""
        return isinstance(self.subject, Anonymous)


NOBODY = Caller(Anonymous(), "")
FOLDER_OWNER = Caller(FolderOwner(), "folder owner")


class Gate:
    """Authenticates callers and asks the law, always as it stands now.

    Args:
        snapshots: gives the law.
        attempts: remembers wrong sign-ins.
        passwords: checks passwords that people chose.
        clock: gives now, with a time zone.
    """

    def __init__(
        self,
        snapshots: Snapshots,
        attempts: SignInAttempts,
        passwords: PasswordHasher,
        clock: Callable[[], datetime],
    ) -> None:
        self._snapshots = snapshots
        self._attempts = attempts
        self._passwords = passwords
        self._clock = clock
        self._verified = VerifiedTokens()

    def now(self) -> datetime:
        """The time by which verdicts are given."""
        return self._clock()

    def snapshot(self) -> Snapshot:
        """Law and directory as they stand now."""
        return self._snapshots.current()

    async def authenticate(
        self,
        snapshot: Snapshot,
        credentials: Credentials,
        *,
        source: str,
        audiences: frozenset[str],
    ) -> Caller:
        """Who shows `credentials`.

        Args:
            snapshot: law and directory of this request.
            credentials: as the request carries them.
            source: the client's address.
            audiences: names under which this registry is known; tokens must be made for one.

        Raises:
            SignInRefused: a user name and password that prove nobody.
            TokenRejected: a bearer token without force.
        """
        if isinstance(credentials, BearerToken):
            token = self._verify(snapshot, credentials.unverified, audiences)
            claims = token.claims
            if claims.grant_type != ACCESS_TOKEN:
                raise TokenRejected(
                    SignInFailure.TOKEN_INVALID,
                    "a refresh token is for the token endpoint only; ask it for an access token",
                )
            return _caller(token)
        if isinstance(credentials, NoCredentials):
            return NOBODY
        if credentials.user_name.casefold() == NULL_GUID:
            return self._by_registry_token(snapshot, credentials.password, audiences)
        return await self._by_password(snapshot, credentials, source_of(source))

    def _by_registry_token(
        self, snapshot: Snapshot, unverified: str, audiences: frozenset[str]
    ) -> Caller:
        """Who shows a registry token, refresh or access, where a password is expected."""
        try:
            token = self._verify(snapshot, unverified, audiences)
        except TokenRejected as rejected:
            raise SignInRefused(rejected.reason, str(rejected)) from rejected
        return _caller(token)

    def decide(
        self,
        snapshot: Snapshot,
        caller: Caller,
        action: RegistryAction | ControlAction,
        resource: Resource,
        about: AboutAssignment | None = None,
    ) -> Allowed | Denied:
        """The verdict of the snapshot's law. Whatever may be refused is asked here."""
        question = Question(caller.subject, action, resource, caller.attenuation, about)
        return decide(question, snapshot.law, self._clock())

    def _verify(
        self, snapshot: Snapshot, unverified: str, audiences: frozenset[str]
    ) -> VerifiedToken:
        at = self._clock()
        token = self._verified.verify(unverified, snapshot.keys, audiences=audiences, at=at)
        claims = token.claims
        if claims.mode != snapshot.registry.mode:
            raise TokenRejected(
                SignInFailure.CREDENTIAL_REVOKED,
                "the token was made before the registry's role mode changed; log in again",
            )
        # Nobody's token has no credential behind it; every other one dies with its own.
        if claims.cid and not snapshot.directory.credential_stands(claims.cid, at):
            raise TokenRejected(
                SignInFailure.CREDENTIAL_REVOKED,
                "the credential that this token was made with was revoked or has expired; "
                "log in again",
            )
        if not _stands(token.subject, snapshot):
            raise TokenRejected(
                SignInFailure.ACCOUNT_DISABLED,
                f"`{claims.sub}` is disabled; ask the operator of this registry to enable it",
            )
        return token

    async def _by_password(
        self, snapshot: Snapshot, credentials: BasicCredentials, source: str
    ) -> Caller:
        name = credentials.user_name
        account_key = name.casefold()[:256]
        at = self._clock()
        standing = self._attempts.standing(source, account_key, at)
        wait = seconds_to_wait(standing, at)
        if wait:
            raise SignInRefused(
                SignInFailure.TOO_MANY,
                f"too many wrong sign-ins from this address; try again in {wait} seconds",
                retry_after_seconds=wait,
            )
        try:
            signed = await sign_in(
                snapshot.directory.account(name),
                name,
                credentials.password,
                at=at,
                admin_enabled=snapshot.registry.admin_enabled,
                passwords=self._passwords,
            )
        except SignInRefused as refused:
            if refused.reason is SignInFailure.WRONG:
                self._attempts.failed(source, account_key, at)
            raise
        if not standing.known or standing.pair.failures:
            self._attempts.succeeded(source, account_key, at)
        return Caller(signed.subject, signed.name, None, signed.credential_id)


def _caller(token: VerifiedToken) -> Caller:
    claims = token.claims
    return Caller(token.subject, claims.sub, token.attenuation, claims.cid, claims.exp)


def _stands(subject: Subject, snapshot: Snapshot) -> bool:
    """Whether a subject is there and enabled. The law asks too; here it decides who is known."""
    match subject:
        case DirectoryPrincipal():
            principal = snapshot.law.principals.get(subject.object_id)
            return principal is not None and principal.enabled
        case RepositoryToken():
            token = snapshot.law.tokens.get(subject.name)
            return token is not None and token.enabled
        case AdminUser():
            return snapshot.registry.admin_enabled
        case Anonymous() | FolderOwner():
            return True
        case _:
            assert_never(subject)
