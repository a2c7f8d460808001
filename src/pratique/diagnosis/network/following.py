"""Redirects, followed as clients do: without the authorization once the place is another."""

from __future__ import annotations

from dataclasses import replace
from typing import Final
from urllib.parse import urljoin, urlsplit

from pratique.diagnosis.facts.conversation import Exchange, Sent
from pratique.diagnosis.network.requests import Request, Requests

_MOST: Final = 3
_REDIRECTS: Final = frozenset({301, 302, 303, 307, 308})


def follow(requests: Requests, request: Request) -> tuple[Exchange, ...]:
    """A request and those that its redirects lead to, three at most; the last one decides.

    Args:
        requests: sends them.
        request: whose authorization goes to its own scheme, host and port, and no further.
    """
    exchanges = [requests.send(request)]
    place = request
    while len(exchanges) <= _MOST:
        goal = _goal(exchanges[-1], place.url)
        if not goal:
            break
        place = replace(place, url=goal, only="")
        if origin_of(goal) != origin_of(request.url):
            place = replace(place, authorization="", sent=Sent.NOTHING)
        exchanges.append(requests.send(place))
    return tuple(exchanges)


def origin_of(address: str) -> str:
    """Scheme, host and port of an address; empty when it has none."""
    try:
        parts = urlsplit(address)
        port = parts.port or {"https": 443, "http": 80}.get(parts.scheme)
    except ValueError:
        return ""
    return f"{parts.scheme}://{parts.hostname}:{port}" if parts.hostname else ""


def joined(address: str, place: str) -> str:
    """Where a `Location` leads from an address; empty when it leads nowhere."""
    try:
        return urljoin(address, place) if place else ""
    except ValueError:
        return ""


def _goal(exchange: Exchange, address: str) -> str:
    answer = exchange.answer
    if answer is None or answer.status not in _REDIRECTS:
        return ""
    return joined(address, answer.header("location"))
