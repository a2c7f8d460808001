"""A browser at the sign-in pages: its two cookies, and forms that only it can send back.

One cookie holds a secret of the browser's own, to which each form is bound (against forged and
planted requests); the other says who signed in. The session is made anew at each sign-in and never
taken from the browser, so none can be planted before.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

from pratique.access import DirectoryPrincipal
from pratique.admission import Caller
from pratique.admission.user_gate import UserGate
from pratique.http.sts.visit import Visit
from pratique.identity import SignInRefused, User
from pratique.identity.web_sign_in import (
    FORM_LIFE,
    SESSION_LIFE,
    BrowserSession,
    FormToken,
    NoteRejected,
    mark,
    read_note,
    sign_note,
)

TOKEN_FIELD: Final = "form_token"  # noqa: S105 - a name, no secret
_SECRET = re.compile(r"[A-Za-z0-9_-]{43}", re.ASCII)
_COOKIE_BYTES = 8192


class FormRefused(Exception):
    """A form came from another browser, for another purpose, or too late."""


@dataclass(frozen=True, slots=True)
class Browser:
    """What a browser showed.

    Attributes:
        secret: its own; new when it showed none.
        new: whether it must be told that secret.
        session: who signed in before, and still stands.
        user: of that session.
    """

    secret: str
    new: bool
    session: BrowserSession | None
    user: User | None


class Browsers:
    """Reads and writes what browsers keep.

    Args:
        gate: says whether sessions still stand.
        random_bytes: makes secrets.
        new_id: gives ids of sessions.
    """

    def __init__(
        self, gate: UserGate, random_bytes: Callable[[int], bytes], new_id: Callable[[], str]
    ) -> None:
        self._gate = gate
        self._random_bytes = random_bytes
        self._new_id = new_id

    async def read(self, visit: Visit) -> Browser:
        """The browser that sends this request."""
        cookies = _cookies(visit)
        session = await self._session(visit, cookies.get(_name(visit, "session"), ""))
        shown = cookies.get(_name(visit, "browser"), "")
        new = _SECRET.fullmatch(shown) is None
        if new:
            secret = self._random_bytes(32)
            shown = base64.urlsafe_b64encode(secret).rstrip(b"=").decode("ascii")
        return Browser(shown, new, *session)

    def form_token(
        self, visit: Visit, browser: Browser, about: str, user: User | None = None
    ) -> str:
        """A token for a form that this browser is given.

        Args:
            visit: in which it is given.
            browser: to which.
            about: what the form does; it is taken for nothing else.
            user: whose form it is; None for nobody's yet.
        """
        token = FormToken(
            mark(browser.secret),
            mark(about),
            user.object_id if user else "",
            user.password_id if user else "",
            int((visit.at + FORM_LIFE).timestamp()),
        )
        return sign_note(token, visit.arrival.snapshot.keys)

    def check_form(
        self, visit: Visit, browser: Browser, fields: Mapping[str, str], about: str
    ) -> FormToken:
        """The token of a form that came back.

        Raises:
            FormRefused: it was not given to this browser for this, or too long ago.
        """
        try:
            token = read_note(
                fields.get(TOKEN_FIELD, ""), FormToken, visit.arrival.snapshot.keys, visit.at
            )
        except NoteRejected as rejected:
            raise FormRefused(str(rejected)) from rejected
        if browser.new or token.browser != mark(browser.secret) or token.about != mark(about):
            raise FormRefused("it was given to another browser or for another purpose")
        return token

    def begin(self, visit: Visit, user: User, *, second_factor: bool) -> tuple[str, str]:
        """The header that begins a session of `user`."""
        caller = Caller(DirectoryPrincipal(user.object_id), user.user_name)
        visit.arrival.facts.sign_in(caller, "web")
        session = BrowserSession(
            user.object_id,
            user.password_id,
            self._new_id(),
            second_factor,
            int((visit.at + SESSION_LIFE).timestamp()),
        )
        value = sign_note(session, visit.arrival.snapshot.keys)
        return _set(visit, "session", value, int(SESSION_LIFE.total_seconds()))

    async def end(self, visit: Visit, browser: Browser) -> tuple[str, str]:
        """The header that ends the browser's session; a copy of it has no force either.

        Raises:
            NotKept: that cannot be written down.
        """
        session = browser.session
        if session is not None:
            until = visit.at + SESSION_LIFE
            await self._gate.void(session.session_id, session.object_id, until, visit.at)
        return _set(visit, "session", "", 0)

    def remember(self, visit: Visit, browser: Browser) -> tuple[tuple[str, str], ...]:
        """The header that tells a browser its secret, where it does not know it."""
        return (_set(visit, "browser", browser.secret, None),) if browser.new else ()

    async def _session(self, visit: Visit, shown: str) -> tuple[BrowserSession | None, User | None]:
        if not shown:
            return None, None
        snapshot = visit.arrival.snapshot
        try:
            session = read_note(shown, BrowserSession, snapshot.keys, visit.at)
            user = await self._gate.still(
                snapshot, session.object_id, session.credential_id, session.session_id, visit.at
            )
        except (NoteRejected, SignInRefused):
            return None, None
        # Who has a second factor by now must show it.
        if user.totp_secret and not session.second_factor:
            return None, None
        return session, user


def _secure(visit: Visit) -> bool:
    return visit.base_url.startswith("https://")


def _name(visit: Visit, what: str) -> str:
    # The prefix keeps a neighbour below the same domain from planting the cookie (RFC 6265bis).
    return f"__Host-pratique-{what}" if _secure(visit) else f"pratique-{what}"


def _set(visit: Visit, what: str, value: str, seconds: int | None) -> tuple[str, str]:
    lasting = "" if seconds is None else f"; Max-Age={seconds}"
    secure = "; Secure" if _secure(visit) else ""
    name = _name(visit, what)
    return "set-cookie", f"{name}={value}; Path=/; HttpOnly; SameSite=Lax{secure}{lasting}"


def _cookies(visit: Visit) -> dict[str, str]:
    header = visit.request.cookies
    if len(header) > _COOKIE_BYTES:
        return {}
    pairs = (part.strip().partition("=") for part in header.split(";"))
    return {name: value for name, _, value in pairs}
