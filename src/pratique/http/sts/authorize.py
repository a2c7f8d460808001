"""The page at which people sign in for a programme on their computer (RFC 6749 section 4.1).

The request stands in the address, and forms go back to the same address, so nothing about it is
remembered here and each form is bound to all of it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Final

from pratique.admission.authorization_codes import AuthorizationCode, AuthorizationCodes
from pratique.http.sts.authorization_requests import (
    AuthorizationRequest,
    ReturnAddress,
    authorization_request,
    read_parameters,
    return_address,
)
from pratique.http.sts.browsers import Browsers, FormRefused
from pratique.http.sts.faults import Fault, OAuthError
from pratique.http.sts.forms import read_form
from pratique.http.sts.page_visits import host_of, page_endpoint
from pratique.http.sts.sign_in_pages import Look, continue_page
from pratique.http.sts.sign_in_steps import SignedInHere, SignInSteps, Stage
from pratique.http.sts.visit import Endpoint, Visit
from pratique.http.wire.messages import Response
from pratique.identity import User
from pratique.identity.web_sign_in import Delegation

_ROW: Final = "oauth2/v2.0/authorize"


@dataclass(frozen=True, slots=True)
class _Asked:
    """A request that may be answered with a code, and where somebody signs in for it."""

    stage: Stage
    back: ReturnAddress
    request: AuthorizationRequest


class Authorize:
    """Answers at the authorization endpoint.

    Args:
        steps: by which people sign in.
        browsers: reads and writes what browsers keep.
        codes: makes authorization codes.
        new_id: gives the ids of sign-ins.
    """

    def __init__(
        self,
        steps: SignInSteps,
        browsers: Browsers,
        codes: AuthorizationCodes,
        new_id: Callable[[], str],
    ) -> None:
        self._steps = steps
        self._browsers = browsers
        self._codes = codes
        self._new_id = new_id

    def endpoints(self) -> Mapping[str, Endpoint]:
        """The row."""
        return {_ROW: page_endpoint(self._answer)}

    async def _answer(self, visit: Visit) -> Response:
        parameters = read_parameters(visit)
        back = return_address(parameters)
        try:
            request = authorization_request(parameters, visit)
            asked = _Asked(await self._stage(visit, back, request), back, request)
            if visit.request.method == "POST":
                return await self._form(asked, await read_form(visit))
            return self._open(asked)
        except OAuthError as error:
            return back.error(host_of(visit), error)

    async def _stage(
        self, visit: Visit, back: ReturnAddress, request: AuthorizationRequest
    ) -> Stage:
        browser = await self._browsers.read(visit)
        address = f"/{visit.tenant}/{_ROW}?{visit.request.query}"
        headers = self._browsers.remember(visit, browser)
        look = Look(host_of(visit), address, headers, back.origin)
        purpose = f"to continue to {back.client.name} on this computer"
        return Stage(
            visit, browser, look, f"authorize?{visit.request.query}", purpose, request.login_hint
        )

    def _open(self, asked: _Asked) -> Response:
        """The first page, by who is signed in already."""
        user, prompt = asked.stage.browser.user, asked.request.prompt
        if prompt == "none":
            if user is None:
                raise OAuthError(Fault.LOGIN_REQUIRED, "nobody is signed in in this browser")
            # Any programme on the computer could ask; only the user can tell which may act for
            # them (RFC 8252 section 8.6).
            raise OAuthError(
                Fault.INTERACTION_REQUIRED, "the user must be asked; leave out `prompt=none`"
            )
        if user is None or prompt == "login":
            return self._steps.first(asked.stage)
        return self._continue_page(asked, user)

    async def _form(self, asked: _Asked, fields: Mapping[str, str]) -> Response:
        stage, step = asked.stage, fields.get("step")
        if step == "password":
            outcome = await self._steps.password(stage, fields)
        elif step == "second-factor":
            outcome = await self._steps.second_factor(stage, fields)
        else:
            return await self._chosen(asked, step, fields)
        if isinstance(outcome, SignedInHere):
            return await self._give_code(asked, outcome.user, outcome.session)
        return outcome

    async def _chosen(self, asked: _Asked, step: str | None, fields: Mapping[str, str]) -> Response:
        """What somebody chose who was signed in already."""
        stage, user = asked.stage, asked.stage.browser.user
        form = self._browsers.check_form(stage.visit, stage.browser, fields, _continuing(stage))
        if step == "cancel":
            raise OAuthError(Fault.CANCELLED, "the user cancelled the sign-in")
        # Somebody else may have signed in in this browser since the form was shown.
        if step == "continue" and user is not None and form.object_id == user.object_id:
            return await self._give_code(asked, user)
        if step in {"another", "continue"}:
            return self._steps.first(replace(stage, user_name=""))
        raise FormRefused("it says nothing")

    def _continue_page(self, asked: _Asked, user: User) -> Response:
        stage, back = asked.stage, asked.back
        token = self._browsers.form_token(stage.visit, stage.browser, _continuing(stage), user)
        where = f"this computer ({back.origin.removeprefix('http://')})"
        return continue_page(stage.look, back.client.name, where, token, user.user_name)

    async def _give_code(self, asked: _Asked, user: User, *headers: tuple[str, str]) -> Response:
        visit, request = asked.stage.visit, asked.request
        delegation = Delegation(
            asked.back.client.client_id,
            request.scopes.resource,
            request.scopes.words,
            user.object_id,
            user.password_id,
            self._new_id(),
        )
        content = AuthorizationCode(
            delegation, asked.back.redirect_uri, request.challenge, request.nonce
        )
        code = await self._codes.make(content, visit.at)
        return asked.back.answer(host_of(visit), {"code": code}, *headers)


def _continuing(stage: Stage) -> str:
    return f"continue:{stage.about}"
