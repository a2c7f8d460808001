"""What every rule is made of, and what several of them ask."""

from __future__ import annotations

import shlex
from collections.abc import Callable, Iterator
from urllib.parse import urlsplit

from pratique.diagnosis.facts.conversation import Answer, Exchange
from pratique.diagnosis.facts.credentials import Choice, Client, Credential
from pratique.diagnosis.facts.examination import Examination, Outcome
from pratique.diagnosis.findings import Finding
from pratique.diagnosis.logins import login_to, plain_login_to

Rule = Callable[[Examination], Iterator[Finding]]
_LONGEST_QUOTE = 300


def pulls(seen: Examination) -> bool:
    """Whether the image can be pulled (or, where only that was asked, the login is good)."""
    return seen.outcome is Outcome.GRANTED


def refused(seen: Examination) -> bool:
    """Whether a registry that answers as one would not give what was asked for."""
    return seen.outcome in {Outcome.REFUSED, Outcome.NO_TOKEN, Outcome.MISSING}


def choice(seen: Examination) -> Choice | None:
    """The credential that the client would send, None when it has none."""
    return seen.credentials.choice if seen.credentials else None


def credential(seen: Examination) -> Credential | None:
    """Likewise, without where it comes from."""
    chosen = choice(seen)
    return chosen.credential if chosen else None


def host(seen: Examination) -> str:
    """Host of the image as it is spelled in its name; empty when the name could not be read."""
    return seen.reference.host if seen.reference else ""


def repository(seen: Examination) -> str:
    """Repository of the image; empty when the name could not be read."""
    return seen.reference.repository if seen.reference else ""


def image(seen: Examination) -> str:
    """The whole name of the image."""
    return str(seen.reference) if seen.reference else seen.wish.image


def credential_refused(seen: Examination) -> bool:
    """Whether the registry or its realm does not accept the credential at all."""
    if credential(seen) is None:
        return False
    if seen.login is not None:
        refused_it = seen.login.last.status in {400, 401, 403}
        return not seen.login.token and refused_it and not is_page(seen.login.last)
    greeting = seen.greeting
    return greeting is not None and greeting.status == 401 and not is_page(greeting)


def credential_accepted(seen: Examination) -> bool:
    """Whether the registry or its realm knows who the credential belongs to."""
    if credential(seen) is None:
        return False
    if seen.identified is not None and seen.identified.token:
        return True
    if seen.login is not None and seen.login.token:
        return True
    return seen.greeting is not None and seen.greeting.status == 200


def is_page(exchange: Exchange) -> bool:
    """Whether the answer is a page for people, which no registry gives to clients."""
    return exchange.answer is not None and exchange.answer.is_html


def anonymous_works(seen: Examination) -> bool:
    """Whether the same manifest is given to those who have no credential."""
    return seen.unsigned_manifest is not None and seen.unsigned_manifest.status == 200


def refusing(seen: Examination) -> Exchange | None:
    """The request whose answer decided that this is no pull; None when there is none."""
    if seen.manifests and seen.manifests[-1].exchange.status != 200:
        # A HEAD has no body to explain itself.
        return seen.manifests[-1].exchange
    for request in (seen.identified, seen.anonymous):
        if request is not None and not request.token:
            return request.last
    return seen.ping if seen.ping is not None and seen.ping.status != 401 else None


def answers(seen: Examination) -> Iterator[Answer]:
    """Every answer that was no success, of the registry and its realm."""
    for exchange in seen.exchanges:
        if exchange.answer is not None and exchange.answer.status >= 400:
            yield exchange.answer


def token_exchanges(seen: Examination) -> Iterator[Exchange]:
    """The requests for tokens that the pull depends on."""
    for request in (seen.identified, seen.anonymous):
        if request is not None:
            yield request.last


def manifest_exchanges(seen: Examination) -> Iterator[Exchange]:
    """The requests for manifests, in their order."""
    for manifest in seen.manifests:
        yield manifest.exchange


def everything(seen: Examination) -> Iterator[Exchange]:
    """The requests that the pull consists of."""
    if seen.ping is not None:
        yield seen.ping
    yield from token_exchanges(seen)
    yield from manifest_exchanges(seen)


def origin(url: str) -> str:
    """Scheme and host of an address."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return "another place"
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}"


def said(exchange: Exchange | None) -> str:
    """What a server said in a refusal, short enough to be shown."""
    if exchange is None or exchange.answer is None:
        return ""
    text = " ".join(exchange.answer.said.split())
    return text if len(text) <= _LONGEST_QUOTE else f"{text[:_LONGEST_QUOTE]}…"


def shown(exchange: Exchange) -> str:
    """A request and its end in one line."""
    if exchange.failure is not None:
        return f"{exchange.method} {exchange.url}: {exchange.failure.why.value}"
    words = said(exchange)
    return f"{exchange.method} {exchange.url} answered {exchange.status}" + (
        f": {words}" if words else ""
    )


def login_for(seen: Examination) -> str:
    """The command that logs the client in to the image's host, as its kind wants it."""
    return login_to(host(seen), podman=_is_podman(seen))


def login_command(seen: Examination) -> str:
    """The client's own login to the image's host."""
    return plain_login_to(host(seen), podman=_is_podman(seen))


def logout_command(seen: Examination) -> str:
    """The command that makes the client forget its login."""
    return login_command(seen).replace(" login", " logout", 1)


def _is_podman(seen: Examination) -> bool:
    return seen.wish.client is Client.PODMAN


def quoted(text: str) -> str:
    """A word of a shell command."""
    return shlex.quote(text)
