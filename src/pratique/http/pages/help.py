"""The page that every refusal points to."""

from __future__ import annotations

from pratique.http.pages.page import page, template
from pratique.http.wire.challenges import Front
from pratique.http.wire.messages import Response

_KEPT = ("cache-control", "max-age=300")


def help_page(front: Front) -> Response:
    """The page, for the host under which it was asked for."""
    host = front.base_url.partition("://")[2]
    content = template("help.html", HOST=host)
    return page(200, "Why it was refused", content, host=host, headers=(_KEPT,), wide=True)
