"""The help page in a real browser: for a stranger, for whoever may not, and for the operator.

With `PRATIQUE_SCREENSHOTS=DIR` a picture of each is left there.
"""

from __future__ import annotations

import base64
import shlex
import ssl
import time
from collections.abc import Callable
from dataclasses import dataclass

import httpx
import pytest
from playwright.sync_api import Browser
from tests.support.live_server import LiveServer
from tests.web.browsing import DESK, PHONE, Served, Window, look, window

pytestmark = [pytest.mark.live, pytest.mark.clients]

HELP = "/help/authorization"
_UNKNOWN = "5f0c2a9e-41d3-4b7c-9e0a-1c2d3e4f5a6b"
_REPOSITORY = "team/a-repository-with-a-rather-long-name/and-one-more-part"
_READER = "Container Registry Repository Reader"
_CLIPBOARD = ["clipboard-read", "clipboard-write"]
_ROBOT = "builder-of-everything-there-is"


@dataclass(frozen=True)
class Refused:
    """A server that refused some.

    Attributes:
        robots: the decision about a robot that has a role elsewhere, one under a condition, and
            one that does not suffice.
        adas: the decision about `ada`, whose role is not honoured in the registry's mode.
        sign_in: a sign-in with a wrong password.
        grace: the password of `grace`, who looks after access.
    """

    scene: Served
    robots: str
    adas: str
    sign_in: str
    grace: str

    @property
    def server(self) -> LiveServer:
        """The server."""
        return self.scene.server

    def address(self, decision_id: str) -> str:
        """Of the page about a decision."""
        return f"{self.server.url}{HELP}?id={decision_id}"


def _decision(scene: Served, method: str, name: str, password: str) -> str:
    """What somebody is refused who asks with a user name and a password; the id of it."""
    shown = base64.b64encode(f"{name}:{password}".encode()).decode()
    with httpx.Client(verify=_trusting(scene)) as client:
        answer = client.request(
            method,
            f"{scene.server.url}/v2/{_REPOSITORY}/manifests/v1",
            headers={"authorization": f"Basic {shown}"},
        )
    return answer.headers["x-pratique-decision"]


def _trusting(scene: Served) -> ssl.SSLContext:
    return ssl.create_default_context(cafile=str(scene.server.certificate))


@pytest.fixture(scope="module")
def refused(scene: Served) -> Refused:
    """Refusals of several kinds, known to every worker."""
    pratique = scene.server.pratique
    pratique("registry", "update", "--role-mode", "abac", "--yes")
    robot = pratique("sp", "create", _ROBOT)
    pratique("role", "assign", "AcrDelete", "--to", _ROBOT)
    pratique("role", "assign", _READER, "--to", _ROBOT, "--repository", "other-team/*")
    pratique("role", "assign", "AcrPull", "--to", _ROBOT, "--scope", "/subscriptions/x")
    grace = pratique("user", "create", "grace")["password"]
    pratique("role", "assign", "User Access Administrator", "--to", "grace")
    found = Refused(
        scene,
        _decision(scene, "GET", robot["client_id"], robot["secret"]),
        _decision(scene, "GET", "ada", scene.password),
        _decision(scene, "GET", "ada", "wrong"),
        grace,
    )
    # What one worker decided, the other finds within a second.
    deadline = time.monotonic() + 5
    for decision_id in (found.robots, found.adas, found.sign_in):
        found_in_a_row = 0
        while found_in_a_row < 4:
            found_in_a_row = found_in_a_row + 1 if "Refused:" in _body(found, decision_id) else 0
            assert time.monotonic() < deadline
    return found


def _body(refused: Refused, decision_id: str) -> str:
    with httpx.Client(verify=_trusting(refused.scene)) as client:
        return client.get(refused.address(decision_id)).text


def _everybodys(opened: Window, refused: Refused) -> None:
    opened.page.goto(f"{refused.server.url}{HELP}")


def _unknown(opened: Window, refused: Refused) -> None:
    opened.page.goto(f"{refused.server.url}{HELP}")
    opened.page.get_by_label("Decision id").fill(_UNKNOWN)
    opened.page.get_by_role("button", name="Look it up").click()
    opened.page.get_by_text("Nothing is kept under this id").wait_for()


def _strangers(opened: Window, refused: Refused) -> None:
    opened.page.goto(refused.address(refused.robots))


def _failed_sign_in(opened: Window, refused: Refused) -> None:
    opened.page.goto(refused.address(refused.sign_in))


def _sign_in(opened: Window, refused: Refused) -> None:
    opened.page.goto(refused.address(refused.robots))
    opened.page.get_by_role("link", name="Sign in", exact=True).click()
    opened.page.get_by_label("User name").wait_for()


def _barred(opened: Window, refused: Refused) -> None:
    _sign_in(opened, refused)
    opened.sign_in(refused.scene.password)
    opened.page.get_by_text("The whole reasoning is for").wait_for()


def _own(opened: Window, refused: Refused) -> None:
    _barred(opened, refused)
    opened.page.goto(refused.address(refused.adas))
    opened.page.get_by_text("It was you who was refused").wait_for()


def _whole(opened: Window, refused: Refused) -> None:
    _sign_in(opened, refused)
    opened.sign_in(refused.grace, "grace")
    opened.page.get_by_text("What would allow it").wait_for()


_WAYS: dict[str, Callable[[Window, Refused], None]] = {
    "everybodys": _everybodys,
    "unknown": _unknown,
    "strangers": _strangers,
    "failed-sign-in": _failed_sign_in,
    "sign-in": _sign_in,
    "barred": _barred,
    "own": _own,
    "whole": _whole,
}


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", ["phone", "desk"])
@pytest.mark.parametrize("way", list(_WAYS))
def test_the_page_is_whole_and_readable(
    browser: Browser, refused: Refused, way: str, width: str, scheme: str
) -> None:
    """No accessibility rule broken, nothing cut off, no error told, nobody else asked."""
    size = PHONE if width == "phone" else DESK
    with window(browser, refused.server, viewport=size, color_scheme=scheme) as opened:
        _WAYS[way](opened, refused)
        look(opened, f"help-{way}-{width}-{scheme}")


def test_a_command_is_copied_by_its_button(browser: Browser, refused: Refused) -> None:
    """To the letter, and it is said so."""
    with window(browser, refused.server, permissions=_CLIPBOARD) as opened:
        _whole(opened, refused)
        ways = opened.page.locator(".to-copy")
        assert ways.count() == 3
        for number in range(ways.count()):
            way = ways.nth(number)
            way.get_by_role("button").click()
            way.get_by_text("Copied.").wait_for()
            copied = opened.page.evaluate("navigator.clipboard.readText()")
            assert copied == way.locator("pre").text_content()
            assert copied.startswith("pratique role assign")
        assert opened.console == []


def test_a_copy_works_without_leave_for_the_clipboard(browser: Browser, refused: Refused) -> None:
    """Over plain HTTP browsers have no clipboard for scripts; the button copies all the same."""
    with window(browser, refused.server) as opened:
        opened.page.add_init_script("delete Navigator.prototype.clipboard")
        _own(opened, refused)
        button = opened.page.get_by_role("button", name="Copy the message")
        button.click()
        opened.page.get_by_text("Copied.").wait_for()
        assert button.evaluate("button => document.activeElement === button")
        assert opened.page.locator("textarea").count() == 0
        assert opened.console == []


def test_all_is_there_without_scripts(browser: Browser, refused: Refused) -> None:
    """Looking up, signing in, the reasoning and the commands; only the buttons are not."""
    with window(browser, refused.server, java_script_enabled=False) as opened:
        _everybodys(opened, refused)
        opened.page.get_by_label("Decision id").fill(f"... Decision: {refused.robots}")
        opened.page.get_by_role("button", name="Look it up").click()
        opened.page.get_by_role("link", name="Sign in", exact=True).click()
        opened.sign_in(refused.grace, "grace")
        opened.page.get_by_text("What would allow it").wait_for()
        assert opened.page.url == refused.address(refused.robots)
        assert opened.page.locator(".to-copy pre").first.is_visible()
        buttons = opened.page.locator("button.copy")
        assert [buttons.nth(n).is_visible() for n in range(buttons.count())] == [False] * 3


def test_a_command_that_is_shown_helps(browser: Browser, refused: Refused) -> None:
    """Typed as it stands, it turns the page into one that says so."""
    with window(browser, refused.server) as opened:
        _whole(opened, refused)
        command = opened.page.locator(".to-copy pre").last.text_content() or ""
        program, *words = shlex.split(command)
        assert program == "pratique"
        role = words[2]
        assert (words[:2], role != _READER) == (["role", "assign"], True)
        refused.server.pratique(*words)
        try:
            opened.page.reload()
            opened.page.get_by_text("it is allowed now").wait_for()
        finally:
            # The other tests want it refused still.
            refused.server.pratique("role", "unassign", role, "--from", _ROBOT)
