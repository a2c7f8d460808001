"""Situations in which clients are refused, and the registry's own sentence in each.

The sentence stands as `W` in what clients print around it. In both, `HOST`, `REPO`, `TAG`, `NAME`,
`LINK` and `ID` stand for the registry, the repository, the tag, the display name of who was
refused, the help page, and the id of a decision or an image.
"""

from __future__ import annotations

import re
from enum import Enum

from tests.clients.registry_clients import Reference


class Situation(Enum):
    """Why a client is refused; the values complete the words `what is printed`."""

    ANONYMOUS_PULL = "on a pull without a login"
    PULL_WITHOUT_ROLE = "on a pull by a service principal without any role"
    PUSH_WITHOUT_ROLE = "on a push by a service principal without any role"
    PUSH_WITH_ACRPULL = "on a push by a service principal that holds AcrPull"
    WRONG_PASSWORD = "on a login with a wrong password"


SENTENCES = {
    Situation.ANONYMOUS_PULL: "authentication required, visit LINK for more information.",
    Situation.PULL_WITHOUT_ROLE: (
        "`NAME` does not have the permission `Microsoft.ContainerRegistry/registries/pull/read` "
        "on the repository `REPO`: no role is assigned to it, visit LINK for more information. "
        "Decision: ID"
    ),
    Situation.PUSH_WITHOUT_ROLE: (
        "`NAME` does not have the permission `Microsoft.ContainerRegistry/registries/push/write` "
        "on the repository `REPO`: no role is assigned to it, visit LINK for more information. "
        "Decision: ID"
    ),
    Situation.PUSH_WITH_ACRPULL: (
        "`NAME` does not have the permission `Microsoft.ContainerRegistry/registries/push/write` "
        "on the repository `REPO`: it is not carried by `AcrPull`, "
        "visit LINK for more information. Decision: ID"
    ),
    Situation.WRONG_PASSWORD: (
        "the user name or the password is wrong, visit LINK for more information. Decision: ID"
    ),
}


def normalise(text: str, reference: Reference, name: str) -> str:
    """`text` with names and ids replaced by their placeholders; sentences stay as they are.

    Args:
        text: what a client printed.
        reference: what it was about.
        name: display name of who asked; empty for nobody.
    """
    link = rf"http://{re.escape(reference.host)}/help/authorization[^\s,]*"
    replacements = [
        (r'time="?[^" ]*"?\s+(?=level=)', ""),
        (r"oauth2/token\?[^\s:\"]*", "oauth2/token?QUERY"),
        (link, "LINK"),
        (r"Decision: [0-9A-Za-z-]+", "Decision: ID"),
        (r"sha256:[0-9a-f]{64}", "DIGEST"),
        (r"\b[0-9a-f]{64}\b", "ID"),
        (re.escape(reference.host), "HOST"),
        (re.escape(reference.repository), "REPO"),
        (rf"(?<=[:/ ]){re.escape(reference.tag)}(?![0-9])", "TAG"),
    ]
    if name:
        replacements.append((rf"`{re.escape(name)}`", "`NAME`"))
    for pattern, placeholder in replacements:
        text = re.sub(pattern, placeholder, text)
    return text
