"""The frame around every page: one style, and headers that let it load and run nothing else."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterable, Sequence
from functools import cache
from html import escape
from importlib.resources import files
from typing import Final

from pratique.http.pages.markup import Markup, element, joined
from pratique.http.wire.messages import Response

# The flag Q, yellow all over: "my vessel is healthy and I request free pratique".
_ICON: Final = (
    "data:image/svg+xml,%3Csvg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 16 16'%3E"
    "%3Crect width='16' height='16' rx='3' fill='%23f2b705'/%3E%3C/svg%3E"
)
# Saves one press of a button; without it the button is there.
_SEND_ON: Final = "document.forms[0].submit()"
# Shows the buttons that copy, which without it are hidden.
_COPY: Final = "copy.js"
NO_STORE: Final = ("cache-control", "no-store")


def page(
    status: int,
    title: str,
    *content: str | None,
    host: str,
    headers: Iterable[tuple[str, str]] = (NO_STORE,),
    sends_to: str | None = None,
    sends_on: bool = False,
    copies: bool = False,
    wide: bool = False,
) -> Response:
    """A whole page.

    Args:
        status: of the response.
        title: of the window.
        content: what stands in its main part.
        host: of the registry, for people to see where they are.
        headers: beside those that guard the page.
        sends_to: another origin to which its forms may lead.
        sends_on: whether its first form is sent as soon as the page is there.
        copies: whether it has buttons that copy.
        wide: whether it is for reading rather than for filling in.
    """
    head = joined(
        element("meta", charset="utf-8"),
        element("meta", name="viewport", content="width=device-width, initial-scale=1"),
        element("meta", name="color-scheme", content="light dark"),
        element("title", f"{title} · {host}"),
        element("link", rel="icon", href=_ICON),
        element("style", Markup(_style())),
    )
    scripts = [_SEND_ON] * sends_on + [_file(_COPY)] * copies
    body = joined(
        element("header", element("span", class_="flag", aria_hidden="true"), host),
        element("main", *content, class_="wide" if wide else None),
        element("footer", element("a", "Help with signing in", href="/help/authorization")),
        *(element("script", Markup(script)) for script in scripts),
    )
    text = f'<!doctype html>\n<html lang="en"><head>{head}</head><body>{body}</body></html>\n'
    policy = _policy(sends_to, scripts)
    return Response(status, [*_guards(policy), *headers], text.encode())


def _guards(policy: str) -> Iterable[tuple[str, str]]:
    return (
        ("content-type", "text/html; charset=utf-8"),
        ("content-security-policy", policy),
        ("x-frame-options", "DENY"),
        ("x-content-type-options", "nosniff"),
        ("referrer-policy", "no-referrer"),
        ("cross-origin-opener-policy", "same-origin"),
    )


def _policy(sends_to: str | None, scripts: Sequence[str]) -> str:
    # Browsers apply `form-action` to where a form's answer redirects to as well.
    targets = "'self'" if sends_to is None else f"'self' {sends_to}"
    rules = [
        "default-src 'none'",
        f"style-src '{_hash(_style())}'",
        "img-src data:",
        f"form-action {targets}",
        "frame-ancestors 'none'",
        "base-uri 'none'",
    ]
    if scripts:
        hashes = (f"'{_hash(script)}'" for script in scripts)
        rules.append(f"script-src {' '.join(hashes)}")
    return "; ".join(rules)


def _style() -> str:
    return _file("style.css")


@cache
def _hash(text: str) -> str:
    digest = base64.b64encode(hashlib.sha256(text.encode()).digest()).decode("ascii")
    return f"sha256-{digest}"


def template(name: str, **values: str) -> Markup:
    """A piece of HTML of this room, with each `@NAME@` in it replaced by the escaped value."""
    text = _file(name)
    for key, value in values.items():
        text = text.replace(f"@{key}@", escape(value))
    return Markup(text)


@cache
def _file(name: str) -> str:
    return files(__package__).joinpath(name).read_text(encoding="utf-8")
