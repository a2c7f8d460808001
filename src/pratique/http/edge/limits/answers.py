"""The answer to one request too many: 429, with the time to wait and the limit in header fields.

`RateLimit` and `RateLimit-Policy` are those of draft-ietf-httpapi-ratelimit-headers-11 (May 2026,
no standard yet): `q` requests in `w` seconds; `r` left, the next in `t` seconds.
"""

from __future__ import annotations

from typing import Any, Final

from pratique.http.edge.limits.classes import RequestClass, Whose
from pratique.http.edge.limits.gcra import Rate
from pratique.http.wire.messages import Response, json_response
from pratique.http.wire.problems import Problem

_OF_THE_REGISTRY: Final = ("/v2", "/acr/", "/api/", "/oauth2/")


def refusal(
    whose: Whose, kind: RequestClass, who: str, rate: Rate, seconds: int, path: str
) -> Response:
    """The answer.

    Args:
        whose: what kind of limit it is.
        kind: of the requests.
        who: whom it is for, for people.
        rate: the limit.
        seconds: after which a request will be let through.
        path: what was asked for; clients of the directory want the words in a form of their own.
    """
    plural = "" if seconds == 1 else "s"
    message = (
        f"too many requests: {who} may send {rate.per_minute} of the class `{kind}` in a minute; "
        f"try again in {seconds} second{plural}"
    )
    problem = Problem.TOOMANYREQUESTS
    content: dict[str, Any] = {"errors": [{"code": problem.code, "message": message}]}
    if not path.startswith(_OF_THE_REGISTRY):
        content |= {"error": "temporarily_unavailable", "error_description": message}
    return json_response(
        problem.status,
        content,
        ("retry-after", str(seconds)),
        ("ratelimit-policy", f'"{whose}-{kind}";q={rate.per_minute};w=60'),
        ("ratelimit", f'"{whose}-{kind}";r=0;t={seconds}'),
        ("cache-control", "no-store"),
    )
