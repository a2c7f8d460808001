"""What was said between the doctor and servers."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import Enum
from typing import Any


class Stage(Enum):
    """How far a request came before it failed."""

    NAME = "name"
    CONNECT = "connect"
    PROXY = "proxy"
    TLS = "tls"
    HTTP = "http"


class Failed(Enum):
    """Why no answer came."""

    NO_SUCH_NAME = "the name has no address"
    LOOKUP = "the name could not be looked up"
    REFUSED = "the connection was refused"
    TIMEOUT = "nothing answered in time"
    UNREACHABLE = "no way leads there"
    CLOSED = "the connection was closed"
    PROXY_UNREACHABLE = "the proxy could not be reached"
    PROXY_REFUSED = "the proxy refused"
    PROXY_LOGIN = "the proxy wants a login"
    PROXY_KIND = "the proxy is of a kind that the doctor does not speak to"
    UNKNOWN_AUTHORITY = "the certificate's issuer is not trusted"
    WRONG_NAME = "the certificate is for another name"
    EXPIRED = "the certificate has expired"
    NOT_YET_VALID = "the certificate is not valid yet"
    SPEAKS_HTTP = "the server speaks plain HTTP"
    TLS = "the TLS handshake failed"
    NOT_HTTP = "the answer is not HTTP"
    CLEAR_TEXT = "it was not sent, since it would have travelled in clear"


@dataclass(frozen=True, slots=True)
class Certificate:
    """A server's certificate.

    Attributes:
        subject: its common name, or its whole subject.
        issuer: likewise.
        names: for which it is valid.
        self_issued: whether subject and issuer are one.
    """

    subject: str
    issuer: str
    names: tuple[str, ...]
    not_before: datetime
    not_after: datetime
    self_issued: bool


@dataclass(frozen=True, slots=True)
class Failure:
    """Why a request got no answer.

    Attributes:
        words: what the system said.
        address: that was tried last; empty when none was.
        certificate: that was shown, when that is the reason.
        status: of a proxy that refused.
    """

    stage: Stage
    why: Failed
    words: str
    address: str = ""
    certificate: Certificate | None = None
    status: int | None = None


@dataclass(frozen=True, slots=True)
class Answer:
    """A response.

    Attributes:
        headers: names in lower case, in the order of arrival.
        body: its beginning, within the limit of the request.
    """

    status: int
    headers: tuple[tuple[str, str], ...] = field(repr=False)
    body: bytes = field(default=b"", repr=False)

    def header(self, name: str) -> str:
        """The first value of a header; empty when there is none."""
        return next((value for key, value in self.headers if key == name), "")

    def every(self, name: str) -> tuple[str, ...]:
        """All values of a header."""
        return tuple(value for key, value in self.headers if key == name)

    @property
    def text(self) -> str:
        """The body as text."""
        return self.body.decode("utf-8", "replace")

    @property
    def is_html(self) -> bool:
        """Whether the body is a page for people."""
        kind = self.header("content-type").lower()
        return "text/html" in kind or self.text.lstrip()[:15].lower().startswith(
            ("<!doctype", "<html")
        )

    def json(self) -> Any:
        """The body as JSON; None when it is none."""
        try:
            return json.loads(self.body)
        except (ValueError, RecursionError):
            return None

    def object(self) -> Mapping[str, Any]:
        """The body as a JSON object; empty when it is none."""
        found = self.json()
        return found if isinstance(found, dict) else {}

    def errors(self) -> tuple[tuple[str, str], ...]:
        """Code and message of each error in the distribution format; other forms as one message."""
        found = self.object()
        listed = found.get("errors")
        if isinstance(listed, list):
            pairs = [
                (str(entry.get("code") or ""), _message(entry))
                for entry in listed
                if isinstance(entry, dict)
            ]
            if pairs:
                return tuple(pairs)
        for name in ("details", "message", "error_description", "error"):
            if isinstance(found.get(name), str):
                return ((str(found.get("code") or ""), found[name]),)
        return ()

    @property
    def said(self) -> str:
        """The sentence of a refusal, as a client would print it; empty when there is none."""
        for code, message in self.errors():
            if message or code:
                return message or code
        if self.is_html or len(self.body) > _LONGEST_SAYING:
            return ""
        return "" if isinstance(self.json(), dict | list) else self.text.strip()


_LONGEST_SAYING = 1000


def _message(entry: Mapping[str, Any]) -> str:
    message = str(entry.get("message") or "")
    detail = entry.get("detail")
    if isinstance(detail, str) and detail and detail not in message:
        return f"{message}: {detail}" if message else detail
    return message


class Sent(Enum):
    """What a request had with it to say who asks."""

    NOTHING = "nothing"
    PAIR = "user name and password"
    IDENTITY_TOKEN = "identity token"
    BEARER = "access token"


@dataclass(frozen=True, slots=True)
class Exchange:
    """One request and what became of it.

    Attributes:
        url: without a query, which may hold what is nobody's business.
        sent: what it had with it.
        answer: None when none came.
        failure: why none came.
        address: that answered.
        at: when the answer was there, by this machine's clock.
        seconds: that it took.
    """

    method: str
    url: str
    sent: Sent
    answer: Answer | None
    failure: Failure | None
    address: str
    at: datetime
    seconds: float

    @property
    def status(self) -> int:
        """Of the answer; 0 when there is none."""
        return self.answer.status if self.answer else 0


@dataclass(frozen=True, slots=True)
class Challenge:
    """One challenge of a 401 (RFC 9110, 11.6.1; distribution's token specification).

    Attributes:
        scheme: in lower case.
        parameters: names in lower case.
    """

    scheme: str
    parameters: Mapping[str, str] = field(default_factory=dict, repr=False)

    @property
    def realm(self) -> str:
        """Where tokens are given, for `bearer`."""
        return self.parameters.get("realm", "")

    @property
    def service(self) -> str:
        """The name by which the registry wants to be called in tokens."""
        return self.parameters.get("service", "")

    @property
    def scope(self) -> str:
        """What the token must allow."""
        return self.parameters.get("scope", "")

    @property
    def error(self) -> str:
        """Why a token was not enough."""
        return self.parameters.get("error", "")


@dataclass(frozen=True, slots=True)
class Grant:
    """What a token says that it allows; nothing of it is verified.

    Attributes:
        readable: whether the token is a JWT at all.
        actions: allowed on the asked repository; None when the token does not say.
        claims: all others, without their values being trusted for anything.
    """

    readable: bool
    actions: frozenset[str] | None
    claims: Mapping[str, Any] = field(default_factory=dict, repr=False)

    def moment(self, claim: str) -> float | None:
        """A time claim in seconds since 1970; None when there is none."""
        value = self.claims.get(claim)
        return float(value) if isinstance(value, int | float) and value is not True else None


@dataclass(frozen=True, slots=True)
class TokenRequest:
    """A token was asked for.

    Attributes:
        scopes: that were asked for; none for a token that only says who one is.
        exchanges: the requests, the last of which decided (containerd asks twice).
        token: whether there is one in the answer.
        grant: what it says.
        life: `expires_in` in seconds; None when the answer does not say.
    """

    scopes: tuple[str, ...]
    sent: Sent
    exchanges: tuple[Exchange, ...]
    token: bool
    grant: Grant | None = None
    life: float | None = None

    @property
    def last(self) -> Exchange:
        """The request that decided."""
        return self.exchanges[-1]
