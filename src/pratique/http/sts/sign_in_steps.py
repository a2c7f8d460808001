"""The steps by which somebody signs in at a page: password, and where they have one, second factor.

The same for every page that wants to know who is there; each says what it is about.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from pratique.admission.pending_sign_ins import NotKept
from pratique.admission.user_gate import UserGate
from pratique.http.edge import Entrance
from pratique.http.sts.browsers import Browser, Browsers
from pratique.http.sts.sign_in_pages import (
    Look,
    Wrong,
    as_sentence,
    second_factor_page,
    sign_in_page,
)
from pratique.http.sts.visit import Visit
from pratique.http.wire.messages import Response
from pratique.http.wire.refusals import decision_headers
from pratique.identity import SignInFailure, SignInRefused, User
from pratique.identity.web_sign_in import FormToken

_SECOND = "second factor of "


@dataclass(frozen=True, slots=True)
class Stage:
    """Where somebody signs in.

    Attributes:
        about: what the sign-in is for, exactly; its forms are taken for nothing else.
        purpose: the same in words.
        user_name: filled in already.
    """

    visit: Visit
    browser: Browser
    look: Look
    about: str
    purpose: str
    user_name: str = ""


@dataclass(frozen=True, slots=True)
class SignedInHere:
    """Somebody signed in just now.

    Attributes:
        session: the header that begins their session.
    """

    user: User
    session: tuple[str, str]


class SignInSteps:
    """Takes people through the steps.

    Args:
        gate: checks what they show.
        browsers: gives forms and sessions.
        entrance: records refusals.
    """

    def __init__(self, gate: UserGate, browsers: Browsers, entrance: Entrance) -> None:
        self._gate = gate
        self._browsers = browsers
        self._entrance = entrance

    def first(self, stage: Stage) -> Response:
        """The page that asks for user name and password."""
        return self._password_page(stage, stage.user_name)

    async def password(self, stage: Stage, fields: Mapping[str, str]) -> Response | SignedInHere:
        """What a user name and a password come to.

        Raises:
            FormRefused: the form is not this browser's.
        """
        visit = stage.visit
        self._browsers.check_form(visit, stage.browser, fields, stage.about)
        user_name = fields.get("username", "").strip()
        try:
            user = await self._gate.by_password(
                visit.arrival.snapshot,
                user_name,
                fields.get("password", ""),
                source=visit.request.client,
                at=visit.at,
            )
        except SignInRefused as refused:
            told, wrong = self._told(stage, refused)
            return self._password_page(told, user_name, wrong)
        if user.totp_secret:
            return self._second_page(stage, user)
        return SignedInHere(user, self._browsers.begin(visit, user, second_factor=False))

    async def second_factor(
        self, stage: Stage, fields: Mapping[str, str]
    ) -> Response | SignedInHere:
        """What a one-time password comes to, after the password was right.

        Raises:
            FormRefused: the form is not this browser's, or nobody's password was right.
        """
        visit = stage.visit
        form = self._browsers.check_form(visit, stage.browser, fields, _SECOND + stage.about)
        user = await self._of(visit, form)
        if user is None or not user.totp_secret:
            return self._password_page(stage, "", Wrong("Begin again: your account has changed."))
        try:
            await self._gate.second_factor(
                user, fields.get("code", ""), source=visit.request.client, at=visit.at
            )
        except SignInRefused as refused:
            told, wrong = self._told(stage, refused)
            return self._second_page(told, user, wrong)
        except NotKept as error:
            return self._second_page(stage, user, Wrong(as_sentence(str(error)), 503))
        return SignedInHere(user, self._browsers.begin(visit, user, second_factor=True))

    async def _of(self, visit: Visit, form: FormToken) -> User | None:
        try:
            return await self._gate.still(
                visit.arrival.snapshot, form.object_id, form.credential_id, "", visit.at
            )
        except SignInRefused:
            return None

    def _password_page(self, stage: Stage, user_name: str, wrong: Wrong | None = None) -> Response:
        token = self._browsers.form_token(stage.visit, stage.browser, stage.about)
        return sign_in_page(stage.look, stage.purpose, token, user_name=user_name, wrong=wrong)

    def _second_page(self, stage: Stage, user: User, wrong: Wrong | None = None) -> Response:
        about = _SECOND + stage.about
        token = self._browsers.form_token(stage.visit, stage.browser, about, user)
        return second_factor_page(stage.look, token, user.user_name, wrong)

    def _told(self, stage: Stage, refused: SignInRefused) -> tuple[Stage, Wrong]:
        """The stage with the id of the recorded refusal, and the words for people."""
        arrival = stage.visit.arrival
        extra = decision_headers(self._entrance.record_sign_in(arrival, refused.reason))
        wrong = Wrong(as_sentence(str(refused)))
        if refused.reason is SignInFailure.TOO_MANY:
            extra = (*extra, ("retry-after", str(refused.retry_after_seconds)))
            wrong = replace(wrong, status=429)
        if refused.reason is SignInFailure.LDAP_UNAVAILABLE:
            wrong = replace(wrong, status=503)
        look = replace(stage.look, headers=(*stage.look.headers, *extra))
        return replace(stage, look=look), wrong
