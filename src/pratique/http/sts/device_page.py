"""The page at which people allow a sign-in that began on another device (RFC 8628 section 3.3)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime
from typing import Final

from pratique.admission.device_requests import DeviceRequest, DeviceRequests
from pratique.admission.user_gate import UserGate
from pratique.http.edge import Arrival, Entrance
from pratique.http.sts.browsers import Browser, Browsers, FormRefused
from pratique.http.sts.faults import Fault, OAuthError
from pratique.http.sts.forms import read_form
from pratique.http.sts.page_visits import READ_AND_SEND, as_pages, host_of
from pratique.http.sts.public_clients import public_client
from pratique.http.sts.sign_in_pages import (
    Look,
    Wrong,
    as_sentence,
    confirm_device_page,
    told_page,
    user_code_page,
)
from pratique.http.sts.sign_in_steps import SignedInHere, SignInSteps, Stage
from pratique.http.sts.user_grants import DEVICE_PATH
from pratique.http.sts.visit import Visit
from pratique.http.wire.messages import Response
from pratique.identity import SignInFailure, SignInRefused, User
from pratique.identity.user_codes import parse_user_code, shown
from pratique.identity.web_sign_in import Delegation

_ENTERING: Final = "enter a user code"
_UNKNOWN: Final = "the code is unknown, was used already, or is older than a quarter of an hour"


class DevicePage:
    """Answers at `/device`.

    Args:
        steps: by which people sign in.
        browsers: reads and writes what browsers keep.
        devices: keeps the requests of devices.
        gate: counts wrong codes.
        entrance: records them.
        clock: gives now, with a time zone.
        new_id: gives the ids of sign-ins.
    """

    def __init__(
        self,
        steps: SignInSteps,
        browsers: Browsers,
        devices: DeviceRequests,
        gate: UserGate,
        entrance: Entrance,
        clock: Callable[[], datetime],
        new_id: Callable[[], str],
    ) -> None:
        self._steps = steps
        self._browsers = browsers
        self._devices = devices
        self._gate = gate
        self._entrance = entrance
        self._clock = clock
        self._new_id = new_id

    async def handle(self, arrival: Arrival) -> Response:
        """The answer to any request at this address."""
        return await as_pages(self._answer)(Visit(arrival, self._clock()))

    async def _answer(self, visit: Visit) -> Response:
        method = visit.request.method
        if method not in READ_AND_SEND:
            raise OAuthError(Fault.METHOD, "this address takes GET and POST only")
        browser = await self._browsers.read(visit)
        if method == "POST":
            return await self._form(visit, browser, await read_form(visit))
        return self._code_page(visit, browser)

    async def _form(self, visit: Visit, browser: Browser, fields: Mapping[str, str]) -> Response:
        step = fields.get("step")
        if step == "user-code":
            return await self._user_code(visit, browser, fields)
        code = parse_user_code(fields.get("user_code", ""))
        # Whoever is here was shown the way by `_user_code`: the form is bound to the code.
        stage = self._stage(visit, browser, code or "")
        if step in {"allow", "deny", "another"}:
            return await self._decided(stage, code or "", step, fields)
        if step == "password":
            outcome = await self._steps.password(stage, fields)
        elif step == "second-factor":
            outcome = await self._steps.second_factor(stage, fields)
        else:
            raise FormRefused("it says nothing")
        if isinstance(outcome, SignedInHere):
            headers = (*stage.look.headers, outcome.session)
            signed = replace(stage, look=replace(stage.look, headers=headers))
            return await self._confirm(signed, code or "", outcome.user)
        return outcome

    async def _user_code(
        self, visit: Visit, browser: Browser, fields: Mapping[str, str]
    ) -> Response:
        """What a code comes to that somebody typed."""
        self._browsers.check_form(visit, browser, fields, _ENTERING)
        code = parse_user_code(fields.get("user_code", ""))
        try:
            async with self._gate.guesses(visit.request.client, visit.at):
                await self._check_waiting(code, visit.at)
        except SignInRefused as refused:
            self._entrance.record_sign_in(visit.arrival, refused.reason)
            status = 429 if refused.reason is SignInFailure.TOO_MANY else 403
            return self._code_page(visit, browser, Wrong(as_sentence(str(refused)), status))
        stage = self._stage(visit, browser, code or "")
        if browser.user is None:
            return self._steps.first(stage)
        return await self._confirm(stage, code or "", browser.user)

    async def _check_waiting(self, code: str | None, at: datetime) -> None:
        if code is None or await self._devices.named(code, at) is None:
            raise SignInRefused(SignInFailure.WRONG, _UNKNOWN)

    async def _confirm(self, stage: Stage, code: str, user: User) -> Response:
        """The page that asks whether the device may act for the user."""
        request = await self._devices.named(code, stage.visit.at)
        if request is None:
            return self._gone(stage)
        token = self._browsers.form_token(stage.visit, stage.browser, _deciding(stage), user)
        client, facts = public_client(request.client_id).name, _facts(request, stage.visit.at, code)
        return confirm_device_page(stage.look, client, token, user.user_name, facts)

    async def _decided(
        self, stage: Stage, code: str, step: str, fields: Mapping[str, str]
    ) -> Response:
        visit, user = stage.visit, stage.browser.user
        form = self._browsers.check_form(visit, stage.browser, fields, _deciding(stage))
        # Somebody else may have signed in in this browser since the form was shown.
        if step == "another" or user is None or form.object_id != user.object_id:
            return self._steps.first(stage)
        request = await self._devices.named(code, visit.at)
        if request is None:
            return self._gone(stage)
        delegation = Delegation(
            request.client_id,
            request.resource,
            request.words,
            user.object_id,
            user.password_id,
            self._new_id(),
        )
        allowed = step == "allow"
        if not await self._devices.answer(code, delegation if allowed else None, visit.at):
            return self._gone(stage)
        client = public_client(request.client_id).name
        if allowed:
            return told_page(
                stage.look,
                200,
                "You are signed in",
                f"{client} goes on by itself in some seconds. You may close this page.",
            )
        return told_page(
            stage.look, 200, "The sign-in is denied", f"{client} gets nothing from your account."
        )

    def _stage(self, visit: Visit, browser: Browser, code: str) -> Stage:
        headers = self._browsers.remember(visit, browser)
        carried = (("user_code", code),)
        look = Look(host_of(visit), DEVICE_PATH, headers, carried=carried)
        purpose = f"to allow the sign-in with the code {shown(code)}"
        return Stage(visit, browser, look, f"device:{code}", purpose)

    def _code_page(self, visit: Visit, browser: Browser, wrong: Wrong | None = None) -> Response:
        token = self._browsers.form_token(visit, browser, _ENTERING)
        headers = self._browsers.remember(visit, browser)
        return user_code_page(Look(host_of(visit), DEVICE_PATH, headers), token, wrong)

    def _gone(self, stage: Stage) -> Response:
        return told_page(
            stage.look,
            400,
            "The code is not valid any more",
            "It was used already, or is older than a quarter of an hour.",
            "Begin the sign-in again on your device.",
        )


def _deciding(stage: Stage) -> str:
    return f"decide:{stage.about}"


def _facts(request: DeviceRequest, at: datetime, code: str) -> dict[str, str]:
    minutes = int((at - request.asked_at).total_seconds() // 60)
    when = "just now" if minutes < 1 else f"{minutes} minute{'s' * (minutes > 1)} ago"
    return {
        "Asked from": f"{request.asked_from}, {when}",
        "Code": shown(code),
    }
