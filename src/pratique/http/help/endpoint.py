"""The way through the help page: which id, who asks, and where people sign in to see more.

People sign in at this very address, and come back to it with the id that was read from theirs: no
address to return to is ever taken from a request.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Final

from pratique.admission.recorder import Recorder
from pratique.http.edge import Arrival
from pratique.http.edge.entrance import HELP_PATH
from pratique.http.help import views
from pratique.http.help.reasoning import Reasonings, is_own
from pratique.http.help.told import decision_id_in
from pratique.http.pages import help_page
from pratique.http.pages.help import FIELD, INTRODUCTION, KEPT, look_up
from pratique.http.pages.page import NO_STORE
from pratique.http.sts.browsers import Browser, Browsers, FormRefused
from pratique.http.sts.forms import read_form
from pratique.http.sts.page_visits import as_pages, host_of
from pratique.http.sts.sign_in_pages import Look
from pratique.http.sts.sign_in_steps import SignedInHere, SignInSteps, Stage
from pratique.http.sts.visit import Visit
from pratique.http.wire.messages import Response, TooManyFields
from pratique.registry import StorageFailed, StorageFull

_SIGN_IN: Final = "sign-in"
_PURPOSE: Final = "to see why the registry refused"


class HelpPage:
    """Answers at `/help/authorization`.

    Args:
        recorder: finds refusals.
        reasonings: of refusals, for those who may have them.
        steps: by which people sign in.
        browsers: says who signed in.
        clock: gives now, with a time zone.
    """

    def __init__(
        self,
        recorder: Recorder,
        reasonings: Reasonings,
        steps: SignInSteps,
        browsers: Browsers,
        clock: Callable[[], datetime],
    ) -> None:
        self._recorder = recorder
        self._reasonings = reasonings
        self._steps = steps
        self._browsers = browsers
        self._clock = clock

    async def handle(self, arrival: Arrival) -> Response:
        """The answer to GET, HEAD and POST at this address."""
        return await as_pages(self._answer)(Visit(arrival, self._clock()))

    async def _answer(self, visit: Visit) -> Response:
        if visit.request.method == "POST":
            return await self._form(visit, await read_form(visit))
        try:
            parameters = visit.request.parameters()
        except TooManyFields:
            return _unknown(visit)
        if FIELD not in parameters:
            return _page(visit, INTRODUCTION, look_up(HELP_PATH), headers=(KEPT,))
        decision_id = decision_id_in(parameters[FIELD][0])
        if decision_id is None:
            return _unknown(visit)
        if _SIGN_IN in parameters:
            return self._steps.first(await self._stage(visit, decision_id))
        return await self._about(visit, decision_id)

    async def _about(self, visit: Visit, decision_id: str) -> Response:
        try:
            record = await self._recorder.find(decision_id)
        except (StorageFull, StorageFailed):
            return _page(visit, views.unreadable(), look_up(HELP_PATH), status=503)
        if record is None or record.registry != visit.arrival.snapshot.registry_id:
            return _unknown(visit)
        told, advice = views.told(record), views.advice(record)
        user = (await self._browsers.read(visit)).user
        if user is None:
            return _page(visit, told, advice, views.invitation(_address(decision_id, _SIGN_IN)))
        reasoning = await self._reasonings.of(visit.arrival, record, user)
        signed_in = views.signed_in(user.user_name, _address(decision_id, _SIGN_IN))
        if reasoning is not None:
            whole = views.reasoning(record, reasoning)
            return _page(visit, told, whole, signed_in, causes=False, copies=True)
        if is_own(record, user):
            to_hand_on = views.handed_on(record, host_of(visit))
            return _page(visit, told, advice, to_hand_on, signed_in, copies=True)
        return _page(visit, told, advice, views.permission_needed(), signed_in)

    async def _form(self, visit: Visit, fields: Mapping[str, str]) -> Response:
        """What a form of the sign-in comes to."""
        decision_id = decision_id_in(fields.get(FIELD, ""))
        if decision_id is None:
            raise FormRefused("it is about no decision")
        stage, step = await self._stage(visit, decision_id), fields.get("step")
        if step == "password":
            outcome = await self._steps.password(stage, fields)
        elif step == "second-factor":
            outcome = await self._steps.second_factor(stage, fields)
        else:
            raise FormRefused("it says nothing")
        if isinstance(outcome, SignedInHere):
            back = ("location", _address(decision_id))
            return Response(303, [back, NO_STORE, *stage.look.headers, outcome.session])
        return outcome

    async def _stage(self, visit: Visit, decision_id: str) -> Stage:
        browser: Browser = await self._browsers.read(visit)
        headers = self._browsers.remember(visit, browser)
        look = Look(host_of(visit), HELP_PATH, headers, carried=((FIELD, decision_id),))
        return Stage(visit, browser, look, f"help:{decision_id}", _PURPOSE)


def _address(decision_id: str, *further: str) -> str:
    return f"{HELP_PATH}?{FIELD}={decision_id}{''.join(f'&{name}=1' for name in further)}"


def _unknown(visit: Visit) -> Response:
    return _page(visit, views.unknown(), look_up(HELP_PATH))


def _page(
    visit: Visit,
    *about: str,
    causes: bool = True,
    status: int = 200,
    headers: tuple[tuple[str, str], ...] = (NO_STORE,),
    copies: bool = False,
) -> Response:
    return help_page(
        host_of(visit),
        *about,
        anonymous_pull=visit.arrival.snapshot.registry.anonymous_pull,
        causes=causes,
        status=status,
        headers=headers,
        copies=copies,
    )
