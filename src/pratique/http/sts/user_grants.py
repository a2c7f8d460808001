"""The grants by which programmes get tokens for the people who use them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from msgspec.structs import replace

from pratique.admission.authorization_codes import AuthorizationCodes, CodeRefused
from pratique.admission.device_requests import (
    DEVICE_CODE_LIFE,
    INTERVAL_SECONDS,
    DeviceRequest,
    DeviceRequests,
    PollOutcome,
)
from pratique.admission.pending_sign_ins import NotKept
from pratique.admission.user_gate import UserGate
from pratique.http.edge import Entrance
from pratique.http.sts.delegated_scopes import wanted_scopes
from pratique.http.sts.faults import NO_STORE, Fault, OAuthError
from pratique.http.sts.forms import read_form
from pratique.http.sts.grants import Grant, TokenRequest
from pratique.http.sts.public_clients import public_client
from pratique.http.sts.user_tokens import user_answer
from pratique.http.sts.visit import Endpoint, Visit
from pratique.http.wire.messages import Response, json_response
from pratique.identity import SignInFailure, SignInRefused, User
from pratique.identity.user_codes import shown
from pratique.identity.web_sign_in import Delegation, NoteRejected, RefreshToken, read_note

DEVICE_PATH: Final = "/device"
_DEVICE_GRANT: Final = "urn:ietf:params:oauth:grant-type:device_code"
_REFUSALS = {
    SignInFailure.WRONG: Fault.WRONG_PASSWORD,
    SignInFailure.ACCOUNT_DISABLED: Fault.USER_DISABLED,
    SignInFailure.CREDENTIAL_REVOKED: Fault.GRANT_REVOKED,
    SignInFailure.SECOND_FACTOR_MISSING: Fault.SECOND_FACTOR_MISSING,
    SignInFailure.TOO_MANY: Fault.TOO_MANY,
    SignInFailure.LDAP_UNAVAILABLE: Fault.LDAP_UNAVAILABLE,
}
_POLLS = {
    PollOutcome.UNKNOWN: (Fault.CODE_INVALID, "the device code is unknown or was used already"),
    PollOutcome.PENDING: (Fault.DEVICE_PENDING, "the user has not answered yet; ask again later"),
    PollOutcome.TOO_FAST: (Fault.DEVICE_TOO_FAST, "the client asks too often; wait longer"),
    PollOutcome.EXPIRED: (Fault.DEVICE_EXPIRED, "the code has expired; begin again"),
    PollOutcome.DENIED: (Fault.DEVICE_DENIED, "the user denied the sign-in"),
}


class UserGrants:
    """Grants tokens to public clients for users.

    Args:
        gate: checks passwords and whether former sign-ins still stand.
        codes: redeems authorization codes.
        devices: keeps sign-ins of devices.
        entrance: records refusals.
        new_id: gives ids of tokens and of sign-ins.
    """

    def __init__(
        self,
        gate: UserGate,
        codes: AuthorizationCodes,
        devices: DeviceRequests,
        entrance: Entrance,
        new_id: Callable[[], str],
    ) -> None:
        self._gate = gate
        self._codes = codes
        self._devices = devices
        self._entrance = entrance
        self._new_id = new_id

    def grants(self) -> Mapping[str, Grant]:
        """The rows of the table of grants."""
        return {
            "authorization_code": self.by_code,
            "refresh_token": self.by_refresh_token,
            "password": self.by_password,
            _DEVICE_GRANT: self.by_device_code,
        }

    def endpoints(self) -> Mapping[str, Endpoint]:
        """The row at which devices begin."""
        return {"oauth2/v2.0/devicecode": Endpoint(frozenset({"POST"}), self._device_code)}

    async def by_code(self, asked: TokenRequest, /) -> Mapping[str, Any]:
        """The grant `authorization_code` (RFC 6749 section 4.1.3)."""
        visit, client = asked.visit, public_client(asked.wanted("client_id"))
        code, verifier = asked.wanted("code"), asked.wanted("code_verifier")
        try:
            content = await self._codes.redeem(
                code,
                client_id=client.client_id,
                redirect_uri=asked.wanted("redirect_uri"),
                verifier=verifier,
                at=visit.at,
            )
        except CodeRefused as refused:
            fault = Fault.CODE_REPLAYED if refused.replayed else Fault.CODE_INVALID
            fault = Fault.VERIFIER_WRONG if refused.verifier else fault
            raise self._refused(visit, fault, str(refused)) from refused
        except NotKept as error:
            raise OAuthError(Fault.NOT_KEPT, str(error)) from error
        return await self._answer(visit, content.delegation, asked.field("scope"), content.nonce)

    async def by_refresh_token(self, asked: TokenRequest, /) -> Mapping[str, Any]:
        """The grant `refresh_token`, good for any resource (RFC 6749 section 6)."""
        visit, client = asked.visit, public_client(asked.wanted("client_id"))
        keys = visit.arrival.snapshot.keys
        try:
            token = read_note(asked.wanted("refresh_token"), RefreshToken, keys, visit.at)
        except NoteRejected as rejected:
            fault = Fault.REFRESH_EXPIRED if rejected.expired else Fault.CODE_INVALID
            sentence = f"the refresh token is not taken: {rejected}; sign in again"
            raise self._refused(visit, fault, sentence) from rejected
        if token.delegation.client_id != client.client_id:
            raise self._refused(
                visit, Fault.CODE_INVALID, "the refresh token was made for another client"
            )
        return await self._answer(visit, token.delegation, asked.field("scope"))

    async def by_password(self, asked: TokenRequest, /) -> Mapping[str, Any]:
        """The grant `password`, where the registry has it switched on (RFC 6749 section 4.3)."""
        visit = asked.visit
        snapshot = visit.arrival.snapshot
        if not snapshot.registry.password_grant:
            raise OAuthError(
                Fault.UNSUPPORTED_GRANT,
                "the password grant is switched off here; sign in by a browser or a device code, "
                "or ask the operator for `pratique registry update --password-grant on`",
            )
        client = public_client(asked.wanted("client_id"))
        wanted = wanted_scopes(asked.wanted("scope"), visit.arrival.front)
        try:
            user = await self._gate.by_password_alone(
                snapshot,
                asked.wanted("username"),
                asked.wanted("password"),
                source=visit.request.client,
                at=visit.at,
            )
        except SignInRefused as refused:
            raise self.told(visit, refused) from refused
        delegation = Delegation(
            client.client_id,
            wanted.resource,
            wanted.words,
            user.object_id,
            user.password_id,
            self._new_id(),
        )
        return user_answer(visit, user, delegation, self._new_id)

    async def by_device_code(self, asked: TokenRequest, /) -> Mapping[str, Any]:
        """The grant of RFC 8628 section 3.4."""
        visit, client = asked.visit, public_client(asked.wanted("client_id"))
        try:
            outcome = await self._devices.poll(
                asked.wanted("device_code"), client.client_id, visit.at
            )
        except NotKept as error:
            raise OAuthError(Fault.NOT_KEPT, str(error)) from error
        if isinstance(outcome, PollOutcome):
            raise OAuthError(*_POLLS[outcome])
        return await self._answer(visit, outcome, asked.field("scope"))

    async def _device_code(self, visit: Visit) -> Response:
        """Begin a sign-in that is allowed on another device (RFC 8628 section 3.1)."""
        asked = TokenRequest(visit, await read_form(visit), first_version=False)
        client = public_client(asked.wanted("client_id"))
        wanted = wanted_scopes(asked.wanted("scope"), visit.arrival.front)
        request = DeviceRequest(
            client.client_id,
            wanted.resource,
            wanted.words,
            visit.request.client,
            visit.at,
            visit.at + DEVICE_CODE_LIFE,
        )
        try:
            started = await self._devices.start(request)
        except NotKept as error:
            raise OAuthError(Fault.NOT_KEPT, str(error)) from error
        address, code = f"{visit.base_url}{DEVICE_PATH}", shown(started.user_code)
        content = {
            "user_code": code,
            "device_code": started.device_code,
            "verification_uri": address,
            "expires_in": int(DEVICE_CODE_LIFE.total_seconds()),
            "interval": INTERVAL_SECONDS,
            "message": f"To sign in, open the page {address} in a web browser and enter the code "
            f"{code}.",
        }
        return json_response(200, content, *NO_STORE)

    async def _answer(
        self, visit: Visit, delegation: Delegation, scope: str, nonce: str = ""
    ) -> Mapping[str, Any]:
        """Tokens for a delegation that still stands, for another resource if that is asked for."""
        if scope:
            wanted = wanted_scopes(scope, visit.arrival.front)
            # A client may ask for less than it was allowed, never for more (RFC 6749 section 6);
            # every resource of the tenant is allowed.
            words = tuple(word for word in wanted.words if word in delegation.words)
            asked_for_words = bool(wanted.words)
            delegation = replace(
                delegation,
                resource=wanted.resource,
                words=words if asked_for_words else delegation.words,
            )
        user = await self._still(visit, delegation)
        return user_answer(visit, user, delegation, self._new_id, nonce)

    async def _still(self, visit: Visit, delegation: Delegation) -> User:
        try:
            return await self._gate.still(
                visit.arrival.snapshot,
                delegation.object_id,
                delegation.credential_id,
                delegation.sign_in_id,
                visit.at,
            )
        except SignInRefused as refused:
            raise self.told(visit, refused) from refused

    def told(self, visit: Visit, refused: SignInRefused) -> OAuthError:
        """The error that tells of a refused sign-in; recorded."""
        wait = refused.retry_after_seconds
        return OAuthError(
            _REFUSALS[refused.reason],
            str(refused),
            decision_id=self._entrance.record_sign_in(visit.arrival, refused.reason),
            headers=() if wait is None else (("retry-after", str(wait)),),
        )

    def _refused(self, visit: Visit, fault: Fault, sentence: str) -> OAuthError:
        decision_id = self._entrance.record_sign_in(visit.arrival, SignInFailure.TOKEN_INVALID)
        return OAuthError(fault, sentence, decision_id=decision_id)
