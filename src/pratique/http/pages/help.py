"""The page that every refusal points to."""

from __future__ import annotations

from functools import cache
from html import escape
from importlib.resources import files

from pratique.http.wire.challenges import Front
from pratique.http.wire.messages import Response

_HEADERS = (
    ("content-type", "text/html; charset=utf-8"),
    ("content-security-policy", "default-src 'none'; style-src 'unsafe-inline'"),
    ("x-content-type-options", "nosniff"),
    ("referrer-policy", "no-referrer"),
    ("cache-control", "max-age=300"),
)


def help_page(front: Front) -> Response:
    """The page, for the host under which it was asked for."""
    host = escape(front.base_url.partition("://")[2])
    return Response(200, list(_HEADERS), _template().replace("@HOST@", host).encode())


@cache
def _template() -> str:
    return files(__package__).joinpath("help.html").read_text(encoding="utf-8")
