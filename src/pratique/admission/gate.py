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
from pratique.admission.attempts import SignInAttempts, Turns, check_patience, source_of
from pratique.admission.snapshot import Snapshot, Snapshots
from pratique.identity import (
    ACCESS_TOKEN,
    NULL_GUID,
    AdminAccount,
    BasicCredentials,
    BearerToken,
    Credentials,
    NoCredentials,
    SignInFailure,
    SignInRefused,
    TokenAccount,
    TokenRejected,
    User,
    UserPasswords,
    VerifiedToken,
    VerifiedTokens,
    sign_in,
)
from pratique.identity.directory import Account


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
        passwords: checks passwords of users.
        clock: gives now, with a time zone.

    Attributes:
        behind: whether `catch_up` is due before a request that comes now is judged.
    """

    def __init__(
        self,
        snapshots: Snapshots,
        attempts: SignInAttempts,
        passwords: UserPasswords,
        clock: Callable[[], datetime],
    ) -> None:
        self._snapshots = snapshots
        self.behind = snapshots.behind
        self._attempts = attempts
        self._passwords = passwords
        self._clock = clock
        self._verified = VerifiedTokens()
        self._turns = Turns()

    def now(self) -> datetime:
        """The time by which verdicts are given."""
        return self._clock()

    def snapshot(self) -> Snapshot:
        """Law and directory as they stand now."""
        return self._snapshots.current()

    async def catch_up(self) -> None:
        """Let `snapshot` give what stood when this was called, or later.

        Raises:
            LawNotConfirmed: it cannot be found out whether the law has changed.
        """
        await self._snapshots.catch_up()

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
        if claims.rid != snapshot.registry_id:
            raise TokenRejected(
                SignInFailure.TOKEN_INVALID,
                "the token was made for another registry; log in to this one",
            )
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
        account = snapshot.directory.account(credentials.user_name)
        name = credentials.user_name.casefold()[:256]
        if isinstance(account, TokenAccount | AdminAccount):
            # Another registry may have one of this name, whose holder is not to wait for this one.
            name = f"{snapshot.registry_id}/{name}" if snapshot.registry_id else name
        if account is None or isinstance(account, User):
            # What people choose can be guessed, so it is not even looked at while they must wait.
            standing = await self._attempts.standing(source, name, self._clock())
            if standing.known and not standing.pair.failures:
                return await self._signed_in(snapshot, account, credentials, source, name)
            async with self._turns.of(source, name):
                await check_patience(self._attempts, source, name, self._clock())
                return await self._signed_in(snapshot, account, credentials, source, name)
        return await self._signed_in(snapshot, account, credentials, source, name)

    async def _signed_in(
        self,
        snapshot: Snapshot,
        account: Account | None,
        credentials: BasicCredentials,
        source: str,
        name: str,
    ) -> Caller:
        """Who it is; a wrong attempt is counted.

        A secret that was made here cannot be guessed: the right one is taken however often
        strangers were wrong, or they could lock its holder out.
        """
        at = self._clock()

        async def right(user: User | None, password: str) -> bool:
            return await self._passwords.right(user, password, snapshot.ldap)

        try:
            signed = await sign_in(
                account,
                credentials.user_name,
                credentials.password,
                at=at,
                admin_enabled=snapshot.registry.admin_enabled,
                right=right,
            )
        except SignInRefused as refused:
            if refused.reason is SignInFailure.WRONG:
                await check_patience(self._attempts, source, name, at)
                await self._attempts.failed(source, name, at)
            raise
        standing = await self._attempts.standing(source, name, at)
        if not standing.known or standing.pair.failures:
            await self._attempts.succeeded(source, name, at)
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
