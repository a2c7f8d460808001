"""What all endpoints with pages share: errors are told as pages, forms come from the page alone."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Final

from pratique.admission.pending_sign_ins import NotKept
from pratique.http.sts.browsers import FormRefused
from pratique.http.sts.faults import OAuthError
from pratique.http.sts.sign_in_pages import Look, as_sentence, told_page
from pratique.http.sts.visit import Endpoint, Visit
from pratique.http.wire.messages import Response

READ_AND_SEND: Final = frozenset({"GET", "HEAD", "POST"})
PageAnswer = Callable[[Visit], Awaitable[Response]]


def host_of(visit: Visit) -> str:
    """The registry's host, as people see it."""
    return visit.base_url.partition("://")[2]


def page_endpoint(answer: PageAnswer) -> Endpoint:
    """A row whose answers, and whose errors, are pages."""
    return Endpoint(READ_AND_SEND, as_pages(answer))


def as_pages(answer: PageAnswer) -> PageAnswer:
    """`answer`, with what it raises told as a page."""

    async def told(visit: Visit) -> Response:
        look = Look(host_of(visit), "")
        try:
            return await answer(visit)
        except OAuthError as error:
            return told_page(
                look,
                error.fault.status,
                "This sign-in cannot go on",
                as_sentence(str(error)),
                decision_id=error.decision_id,
            )
        except FormRefused:
            return told_page(
                look,
                400,
                "This page is too old",
                "It was open for more than an hour, or comes from another browser, or this browser "
                "takes no cookies.",
                "Go back to the programme that brought you here, and begin again.",
            )
        except NotKept as error:
            return told_page(look, 503, "Try again", as_sentence(str(error)))

    return told
