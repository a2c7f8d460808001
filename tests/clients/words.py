"""What each client prints when it is refused: recorded once, asserted by tests, shown in the docs.

The registry's own sentence is one per situation and stands as `W` in what clients print around it.
In both, `HOST`, `REPO`, `TAG`, `NAME`, `LINK` and `ID` stand for the registry, the repository, the
tag, the display name of who was refused, the help page, and the id of a decision or an image.
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

RECORDED_WITH = {
    "docker": "20.10.24",
    "ctr": "1.6.20",
    "podman": "4.3.1",
    "buildah": "1.28.2",
    "skopeo": "1.9.3",
    "oras-python": "0.2.43",
    "crane": "0.22.1",
    "oras": "1.3.6",
    "regctl": "0.11.7",
    "helm": "3.22.0",
}

_BY_CONTAINERS_IMAGE = {
    Situation.ANONYMOUS_PULL: (
        "Error: initializing source docker://HOST/REPO:TAG: unable to retrieve auth token: "
        "invalid username/password: unauthorized: W"
    ),
    Situation.PULL_WITHOUT_ROLE: (
        "Error: initializing source docker://HOST/REPO:TAG: reading manifest TAG in HOST/REPO: "
        "unauthorized: W"
    ),
    Situation.PUSH_WITHOUT_ROLE: (
        "Error: trying to reuse blob DIGEST at destination: unable to retrieve auth token: "
        "invalid username/password: unauthorized: W"
    ),
    Situation.PUSH_WITH_ACRPULL: (
        "Error: writing blob: initiating layer upload to /v2/REPO/blobs/uploads/ in HOST: "
        "unauthorized: W"
    ),
    Situation.WRONG_PASSWORD: 'Error: logging into "HOST": invalid username/password',
}

# None: the client does not ask the registry in that situation.
PRINTED: dict[str, dict[Situation, str | None]] = {
    "docker": {
        Situation.ANONYMOUS_PULL: (
            'Error response from daemon: Head "http://HOST/v2/REPO/manifests/TAG": unauthorized: W'
        ),
        Situation.PULL_WITHOUT_ROLE: "Error response from daemon: unauthorized: W",
        Situation.PUSH_WITHOUT_ROLE: "unauthorized: W",
        Situation.PUSH_WITH_ACRPULL: "unauthorized: W",
        Situation.WRONG_PASSWORD: (
            'Error response from daemon: Get "http://HOST/v2/": unauthorized: W'
        ),
    },
    "ctr": {
        Situation.ANONYMOUS_PULL: (
            'ctr: failed to resolve reference "HOST/REPO:TAG": failed to authorize: failed to '
            "fetch anonymous token: unexpected status: 401 Unauthorized"
        ),
        Situation.PULL_WITHOUT_ROLE: (
            'ctr: failed to resolve reference "HOST/REPO:TAG": pulling from host HOST failed '
            "with status code [manifests TAG]: 403 Forbidden"
        ),
        Situation.PUSH_WITHOUT_ROLE: (
            "ctr: failed to authorize: failed to fetch oauth token: unexpected status: "
            "401 Unauthorized"
        ),
        Situation.PUSH_WITH_ACRPULL: "ctr: unexpected status: 403 Forbidden",
        Situation.WRONG_PASSWORD: None,
    },
    "podman": dict(_BY_CONTAINERS_IMAGE),
    "buildah": {
        **_BY_CONTAINERS_IMAGE,
        **{
            situation: _BY_CONTAINERS_IMAGE[situation].replace(
                "Error: ", 'Error: pushing image "ID" to "docker://HOST/REPO:TAG": '
            )
            for situation in (Situation.PUSH_WITHOUT_ROLE, Situation.PUSH_WITH_ACRPULL)
        },
    },
    "skopeo": {
        situation: 'level=fatal msg="' + words.removeprefix("Error: ").replace('"', '\\"') + '"'
        for situation, words in _BY_CONTAINERS_IMAGE.items()
    },
    "oras-python": {
        Situation.ANONYMOUS_PULL: "ValueError: Cannot respond to request for authentication.",
        Situation.PULL_WITHOUT_ROLE: (
            "W\nValueError: Issue with http://HOST/v2/REPO/manifests/TAG: Forbidden"
        ),
        Situation.PUSH_WITHOUT_ROLE: (
            "ValueError: Issue retrieving session url: "
            "{'errors': [{'code': 'UNAUTHORIZED', 'message': 'W', 'detail': None}]}"
        ),
        Situation.PUSH_WITH_ACRPULL: (
            "ValueError: Issue retrieving session url: "
            "{'errors': [{'code': 'UNAUTHORIZED', 'message': 'W', 'detail': None}]}"
        ),
        Situation.WRONG_PASSWORD: None,
    },
    "crane": {
        Situation.ANONYMOUS_PULL: (
            "Error: GET http://HOST/oauth2/token?QUERY: UNAUTHORIZED: W; "
            "[map[Action:pull Name:REPO Type:repository]]"
        ),
        Situation.PULL_WITHOUT_ROLE: (
            "Error: GET http://HOST/v2/REPO/manifests/TAG: UNAUTHORIZED: W"
        ),
        Situation.PUSH_WITHOUT_ROLE: ("Error: GET http://HOST/oauth2/token?QUERY: UNAUTHORIZED: W"),
        Situation.PUSH_WITH_ACRPULL: (
            "Error: POST http://HOST/v2/REPO/blobs/uploads/: UNAUTHORIZED: W"
        ),
        Situation.WRONG_PASSWORD: None,
    },
    "oras": {
        Situation.ANONYMOUS_PULL: (
            "Error response from registry: unauthorized: W: "
            "[map[Action:pull Name:REPO Type:repository]]"
        ),
        Situation.PULL_WITHOUT_ROLE: "Error response from registry: unauthorized: W",
        Situation.PUSH_WITHOUT_ROLE: "Error response from registry: unauthorized: W",
        Situation.PUSH_WITH_ACRPULL: "Error response from registry: unauthorized: W",
        Situation.WRONG_PASSWORD: "Error response from registry: unauthorized: W",
    },
    "regctl": {
        Situation.ANONYMOUS_PULL: (
            "copy failed, error getting source: failed to get manifest HOST/REPO:TAG: unauthorized"
        ),
        Situation.PULL_WITHOUT_ROLE: (
            "copy failed, error getting source: failed to get manifest HOST/REPO:TAG: "
            'request failed: unauthorized [http 403]: {"errors": [{"code": "UNAUTHORIZED", '
            '"message": "W", "detail": null}]}'
        ),
        Situation.PUSH_WITHOUT_ROLE: ("failed to send blob post, ref HOST/REPO:TAG: unauthorized"),
        Situation.PUSH_WITH_ACRPULL: (
            "failed to send blob post, ref HOST/REPO:TAG: "
            'request failed: unauthorized [http 403]: {"errors": [{"code": "UNAUTHORIZED", '
            '"message": "W", "detail": null}]}'
        ),
        Situation.WRONG_PASSWORD: "failed to ping registry HOST: unauthorized",
    },
    "helm": {
        Situation.ANONYMOUS_PULL: (
            'Error: failed to perform "FetchReference" on source: '
            'GET "http://HOST/v2/REPO/manifests/TAG": GET "http://HOST/oauth2/token?QUERY": '
            "response status code 401: unauthorized: W: "
            "[map[Action:pull Name:REPO Type:repository]]"
        ),
        Situation.PULL_WITHOUT_ROLE: (
            'Error: failed to perform "FetchReference" on source: '
            'GET "http://HOST/v2/REPO/manifests/TAG": response status code 403: unauthorized: W'
        ),
        Situation.PUSH_WITHOUT_ROLE: (
            'Error: failed to perform "Exists" on destination: '
            'HEAD "http://HOST/v2/REPO/manifests/DIGEST": GET "http://HOST/oauth2/token?QUERY": '
            "response status code 401: unauthorized: W"
        ),
        Situation.PUSH_WITH_ACRPULL: (
            'Error: failed to perform "Push" on destination: '
            'POST "http://HOST/v2/REPO/blobs/uploads/": '
            "response status code 403: unauthorized: W"
        ),
        Situation.WRONG_PASSWORD: (
            'Error: authenticating to "HOST": GET "http://HOST/v2/": '
            'GET "http://HOST/oauth2/token?QUERY": response status code 401: unauthorized: W'
        ),
    },
}


def normalise(text: str, reference: Reference, name: str, situation: Situation) -> str:
    """`text` with names, ids and the registry's own sentence replaced by their placeholders.

    Args:
        text: what a client printed.
        reference: what it was about.
        name: display name of who asked; empty for nobody.
        situation: tells which sentence becomes `W`.
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
    return text.replace(SENTENCES[situation], "W")
