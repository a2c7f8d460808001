"""The gate for applications: who is it, and how often may they guess?

Counted as at every other sign-in (`attempts`), under the client id; a client id that nobody has is
counted against its source too.
"""

from __future__ import annotations

from collections.abc import Set as AbstractSet
from datetime import datetime

from pratique.admission.attempts import SignInAttempts, seconds_to_wait, source_of
from pratique.admission.outside_tokens import OutsideTokens
from pratique.admission.snapshot import Snapshot
from pratique.identity import Application, TokenRejected
from pratique.identity.application_refusals import ApplicationFault, ApplicationRefused
from pratique.identity.application_sign_in import (
    ClientSecret,
    ProvedApplication,
    by_certificate,
    by_outside_claims,
    by_secret,
    unknown_client,
)
from pratique.identity.client_assertions import UnverifiedAssertion


class ApplicationGate:
    """Authenticates applications that ask the directory for tokens.

    Args:
        attempts: remembers wrong sign-ins.
        outside: verifies tokens of outside issuers.
    """

    def __init__(self, attempts: SignInAttempts, outside: OutsideTokens) -> None:
        self._attempts = attempts
        self._outside = outside

    async def authenticate(
        self,
        snapshot: Snapshot,
        client_id: str,
        shown: ClientSecret | UnverifiedAssertion,
        *,
        source: str,
        audiences: AbstractSet[str],
        at: datetime,
    ) -> ProvedApplication:
        """Which application shows this.

        Args:
            snapshot: law and directory of this request.
            client_id: as the client wrote it.
            shown: its secret or its assertion.
            source: the client's address.
            audiences: this directory's names for itself, in lower case, for which assertions must
                be made.
            at: now, with a time zone.

        Raises:
            ApplicationRefused: nobody was proved, or somebody who may not come in.
            KeysUnavailable: the outside issuer's keys cannot be had.
        """
        counted, account = source_of(source), client_id.casefold()[:256]
        application = snapshot.directory.applications.get(account)
        try:
            if isinstance(shown, ClientSecret):
                proved = by_secret(application, client_id, shown, at)
            elif shown.issuer.casefold() == account:
                proved = by_certificate(application, client_id, shown, audiences, at)
            else:
                proved = await self._by_outside(snapshot, application, client_id, shown, at)
        except ApplicationRefused as refused:
            if refused.guess:
                await self._count(counted, account, at)
            raise
        standing = await self._attempts.standing(counted, account, at)
        if not standing.known or standing.pair.failures:
            await self._attempts.succeeded(counted, account, at)
        return proved

    async def _count(self, source: str, account: str, at: datetime) -> None:
        """Count a wrong attempt.

        Nothing that is shown here can be guessed, so the right thing is taken however often
        strangers were wrong: they could lock an application out.

        Raises:
            ApplicationRefused: there were too many; told in place of what was wrong.
        """
        wait = seconds_to_wait(await self._attempts.standing(source, account, at), at)
        if wait:
            raise ApplicationRefused(
                ApplicationFault.TOO_MANY,
                f"too many wrong sign-ins from this address; try again in {wait} seconds",
                retry_after_seconds=wait,
            )
        await self._attempts.failed(source, account, at)

    async def _by_outside(
        self,
        snapshot: Snapshot,
        application: Application | None,
        client_id: str,
        shown: UnverifiedAssertion,
        at: datetime,
    ) -> ProvedApplication:
        """The application for which an outside issuer speaks.

        Only for an issuer that the application names is any key fetched.
        """
        if application is None:
            raise unknown_client(client_id)
        if all(f.issuer != shown.issuer for f in application.federated):
            raise ApplicationRefused(
                ApplicationFault.NO_FEDERATED_MATCH,
                f"the client assertion's `iss` is neither the client id nor the issuer of a "
                f"federated credential of `{application.display_name}`",
            )
        try:
            outside = await self._outside.verify(snapshot, shown.text, at)
        except TokenRejected as rejected:
            raise ApplicationRefused(ApplicationFault.OUTSIDE_TOKEN, str(rejected)) from rejected
        return by_outside_claims(application, outside)
