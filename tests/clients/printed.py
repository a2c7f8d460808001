"""What each client printed when it was refused, and the version that printed it.

The placeholders are those of `words`.
"""

from __future__ import annotations

from tests.clients.words import Situation

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

# How clients written in Go print the `detail` of a refusal.
_PULL_DETAIL = "[map[Action:pull Name:REPO Type:repository]]"
_PUSH_DETAIL = (
    "[map[Action:pull Name:REPO Type:repository] map[Action:push Name:REPO Type:repository]]"
)

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
            "{'errors': [{'code': 'UNAUTHORIZED', 'message': 'W', 'detail': "
            "[{'Type': 'repository', 'Name': 'REPO', 'Action': 'pull'}, "
            "{'Type': 'repository', 'Name': 'REPO', 'Action': 'push'}]}]}"
        ),
        Situation.PUSH_WITH_ACRPULL: (
            "ValueError: Issue retrieving session url: "
            "{'errors': [{'code': 'UNAUTHORIZED', 'message': 'W', 'detail': "
            "[{'Type': 'repository', 'Name': 'REPO', 'Action': 'pull'}, "
            "{'Type': 'repository', 'Name': 'REPO', 'Action': 'push'}]}]}"
        ),
        Situation.WRONG_PASSWORD: None,
    },
    "crane": {
        Situation.ANONYMOUS_PULL: (
            f"Error: GET http://HOST/oauth2/token?QUERY: UNAUTHORIZED: W; {_PULL_DETAIL}"
        ),
        Situation.PULL_WITHOUT_ROLE: (
            f"Error: GET http://HOST/v2/REPO/manifests/TAG: UNAUTHORIZED: W; {_PULL_DETAIL}"
        ),
        Situation.PUSH_WITHOUT_ROLE: ("Error: GET http://HOST/oauth2/token?QUERY: UNAUTHORIZED: W"),
        Situation.PUSH_WITH_ACRPULL: (
            f"Error: POST http://HOST/v2/REPO/blobs/uploads/: UNAUTHORIZED: W; {_PUSH_DETAIL}"
        ),
        Situation.WRONG_PASSWORD: None,
    },
    "oras": {
        Situation.ANONYMOUS_PULL: f"Error response from registry: unauthorized: W: {_PULL_DETAIL}",
        Situation.PULL_WITHOUT_ROLE: (
            f"Error response from registry: unauthorized: W: {_PULL_DETAIL}"
        ),
        Situation.PUSH_WITHOUT_ROLE: "Error response from registry: unauthorized: W",
        Situation.PUSH_WITH_ACRPULL: (
            f"Error response from registry: unauthorized: W: {_PUSH_DETAIL}"
        ),
        Situation.WRONG_PASSWORD: "Error response from registry: unauthorized: W",
    },
    "regctl": {
        Situation.ANONYMOUS_PULL: (
            "copy failed, error getting source: failed to get manifest HOST/REPO:TAG: unauthorized"
        ),
        Situation.PULL_WITHOUT_ROLE: (
            "copy failed, error getting source: failed to get manifest HOST/REPO:TAG: "
            'request failed: unauthorized [http 403]: {"errors":[{"code":"UNAUTHORIZED",'
            '"message":"W","detail":[{"Type":"repository","Name":"REPO","Action":"pull"}]}]}'
        ),
        Situation.PUSH_WITHOUT_ROLE: ("failed to send blob post, ref HOST/REPO:TAG: unauthorized"),
        Situation.PUSH_WITH_ACRPULL: (
            "failed to send blob post, ref HOST/REPO:TAG: "
            'request failed: unauthorized [http 403]: {"errors":[{"code":"UNAUTHORIZED",'
            '"message":"W","detail":[{"Type":"repository","Name":"REPO","Action":"pull"},'
            '{"Type":"repository","Name":"REPO","Action":"push"}]}]}'
        ),
        Situation.WRONG_PASSWORD: "failed to ping registry HOST: unauthorized",
    },
    "helm": {
        Situation.ANONYMOUS_PULL: (
            'Error: failed to perform "FetchReference" on source: '
            'GET "http://HOST/v2/REPO/manifests/TAG": GET "http://HOST/oauth2/token?QUERY": '
            "response status code 401: unauthorized: W: "
            f"{_PULL_DETAIL}"
        ),
        Situation.PULL_WITHOUT_ROLE: (
            'Error: failed to perform "FetchReference" on source: '
            'GET "http://HOST/v2/REPO/manifests/TAG": response status code 403: unauthorized: W: '
            f"{_PULL_DETAIL}"
        ),
        Situation.PUSH_WITHOUT_ROLE: (
            'Error: failed to perform "Exists" on destination: '
            'HEAD "http://HOST/v2/REPO/manifests/DIGEST": GET "http://HOST/oauth2/token?QUERY": '
            "response status code 401: unauthorized: W"
        ),
        Situation.PUSH_WITH_ACRPULL: (
            'Error: failed to perform "Push" on destination: '
            'POST "http://HOST/v2/REPO/blobs/uploads/": '
            f"response status code 403: unauthorized: W: {_PUSH_DETAIL}"
        ),
        Situation.WRONG_PASSWORD: (
            'Error: authenticating to "HOST": GET "http://HOST/v2/": '
            'GET "http://HOST/oauth2/token?QUERY": response status code 401: unauthorized: W'
        ),
    },
}
