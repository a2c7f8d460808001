"""The page that every refusal points to: the two causes, and the way out of each.

It tells of the registry what anybody can find out who asks it without credentials: its host, and
whether anonymous pull is on. Its name, its role mode and whether it has an admin user are none of
a stranger's business; the words of a refusal tell its addressee which role to ask for.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final

from pratique.access import RegistryAction, RoleMode, permission_named
from pratique.http.pages.markup import Markup, element
from pratique.http.pages.page import NO_STORE, page, template
from pratique.http.wire.messages import Response

KEPT: Final = ("cache-control", "private, max-age=300")
FIELD: Final = "id"
_BY_ACTION, _BY_DATA_ACTION = (
    permission_named(RegistryAction.PULL, mode) for mode in (RoleMode.RBAC, RoleMode.ABAC)
)
PULLING_ROLES: Final[Mapping[str, str]] = {
    _BY_ACTION: "AcrPull",
    _BY_DATA_ACTION: "Container Registry Repository Reader",
}
_OPEN = (
    "Anonymous pull is on here: a client that sends no credentials at all may pull, so logging out "
    "may be enough."
)
_CLOSED = "Nobody may pull here without credentials."


def help_page(
    host: str,
    *about: str,
    anonymous_pull: bool,
    causes: bool = True,
    status: int = 200,
    headers: Iterable[tuple[str, str]] = (NO_STORE,),
    copies: bool = False,
) -> Response:
    """The page.

    Args:
        host: of the registry, under which it was asked for.
        about: what stands before the two causes.
        anonymous_pull: whether anonymous pull is on.
        causes: whether the two causes stand there; not for whoever is told the very cause.
        status: of the response.
        headers: beside those that guard the page.
        copies: whether anything on it has a button that copies.
    """
    content = template(
        "help.html",
        HOST=host,
        EVERYBODY=_OPEN if anonymous_pull else _CLOSED,
        PULL_BY_ACTION=_BY_ACTION,
        ROLE_BY_ACTION=PULLING_ROLES[_BY_ACTION],
        PULL_BY_DATA_ACTION=_BY_DATA_ACTION,
        ROLE_BY_DATA_ACTION=PULLING_ROLES[_BY_DATA_ACTION],
    )
    return page(
        status,
        "Why it was refused",
        element("h1", "Why the registry ", element("code", host), " refused"),
        *about,
        content if causes else None,
        host=host,
        headers=headers,
        copies=copies,
        wide=True,
    )


INTRODUCTION: Final = element(
    "p",
    "There are two causes, and each has its own way out. The words that your client printed tell "
    "which one it is.",
)


def look_up(action: str) -> Markup:
    """Asks for a decision id; the answer is the page again, at `action`."""
    return element(
        "form",
        element(
            "div",
            element("label", "Decision id", for_=FIELD),
            element(
                "input",
                id=FIELD,
                name=FIELD,
                type="text",
                required=True,
                autocomplete="off",
                autocapitalize="none",
                spellcheck="false",
                maxlength="2000",
                aria_describedby="id-hint",
            ),
            element(
                "span",
                "What stands after ",
                element("code", "Decision:"),
                " at the end of the message. The whole message will do too.",
                id="id-hint",
                class_="hint",
            ),
            class_="field",
        ),
        element("button", "Look it up", class_="second"),
        method="get",
        action=action,
        class_="look-up",
    )
