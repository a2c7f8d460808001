"""Asking the realm for a token, as each client does (distribution's token and OAuth2 pages)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from operator import itemgetter
from typing import Final
from urllib.parse import parse_qsl, urlencode, urlsplit

from pratique.diagnosis.facts.conversation import (
    Challenge,
    Exchange,
    Failed,
    Failure,
    Sent,
    Stage,
    TokenRequest,
)
from pratique.diagnosis.facts.credentials import Client, Credential
from pratique.diagnosis.machine import Clock
from pratique.diagnosis.network.connections import basic
from pratique.diagnosis.network.requests import Request, Requests, shown_address
from pratique.diagnosis.protocol.claims import read_grant
from pratique.diagnosis.secret import Secret

CLIENT_IDS: Final = {
    Client.DOCKER: "docker",
    Client.CONTAINERD: "containerd-client",
    Client.PODMAN: "containers/image",
}
_FORM: Final = "application/x-www-form-urlencoded"
# containerd's authorizer asks again with GET after these, and after 405 when there is a user name.
_ASK_AGAIN: Final = frozenset({400, 401, 404})
_LONGEST_LIFE: Final = 1e9


@dataclass(frozen=True, slots=True)
class Given:
    """A token, and how it was got.

    Attributes:
        token: None when there is none.
    """

    request: TokenRequest
    token: Secret | None


class Realm:
    """Where the registry sends clients for tokens.

    Args:
        requests: sends them.
        clock: for requests that were not sent at all.
        challenge: of the registry.
        client: whose way is followed.
        registry_is_secure: whether the registry itself was reached over TLS. If it was, no
            credential goes to a realm in clear.
        repository: to read grants for.
    """

    def __init__(
        self,
        requests: Requests,
        clock: Clock,
        challenge: Challenge,
        client: Client,
        *,
        registry_is_secure: bool,
        repository: str,
    ) -> None:
        self._requests = requests
        self._clock = clock
        self._challenge = challenge
        self._client = client
        self._secure = registry_is_secure
        self._repository = repository

    def ask(self, scopes: Sequence[str], credential: Credential | None) -> Given:
        """A token for these scopes; for none of them, one that only says who one is."""
        sent = _sent(credential)
        if credential is not None and self._in_clear():
            return Given(self._kept_back(scopes, sent), None)
        exchanges = tuple(self._attempts(scopes, credential, sent))
        token = self._token_in(exchanges[-1])
        grant = read_grant(token, self._repository) if token else None
        life = _life(exchanges[-1])
        request = TokenRequest(tuple(scopes), sent, exchanges, bool(token), grant, life)
        return Given(request, Secret(token) if token else None)

    def _attempts(
        self, scopes: Sequence[str], credential: Credential | None, sent: Sent
    ) -> Iterator[Exchange]:
        if credential is None:
            yield self._get(scopes, None, sent)
        elif self._client is Client.CONTAINERD:
            first = self._post(scopes, credential, sent)
            yield first
            if first.status in _ASK_AGAIN or (first.status == 405 and credential.username):
                yield self._get(scopes, credential, sent)
        elif credential.identity_token is not None:
            yield self._post(scopes, credential, sent)
        else:
            yield self._get(scopes, credential, sent)

    def _get(self, scopes: Sequence[str], credential: Credential | None, sent: Sent) -> Exchange:
        fields = [("scope", scope) for scope in scopes]
        authorization = ""
        if credential is not None:
            secret = credential.identity_token or credential.secret
            authorization = basic(f"{credential.username}:{secret.reveal()}")
            if self._client is not Client.CONTAINERD:
                fields.append(("account", credential.username))
            if self._client is Client.DOCKER and not scopes:
                # So does `docker login`.
                fields += [("client_id", CLIENT_IDS[self._client]), ("offline_token", "true")]
        if self._challenge.service:
            fields.append(("service", self._challenge.service))
        return self._requests.send(
            Request("GET", self._address(fields), authorization=authorization, sent=sent)
        )

    def _post(self, scopes: Sequence[str], credential: Credential, sent: Sent) -> Exchange:
        fields = {"client_id": CLIENT_IDS[self._client], "service": self._challenge.service}
        if scopes or self._client is Client.DOCKER:
            fields["scope"] = " ".join(scopes)
        if credential.identity_token is not None:
            fields["grant_type"] = "refresh_token"
            fields["refresh_token"] = credential.identity_token.reveal()
        else:
            fields["grant_type"] = "password"
            fields["username"] = credential.username
            fields["password"] = credential.secret.reveal()
        kind = _FORM
        if self._client is Client.CONTAINERD:
            kind += "; charset=utf-8"
        body = _written(fields.items()).encode("ascii")
        return self._requests.send(
            Request("POST", self._address([]), "", sent, {"Content-Type": kind}, body)
        )

    def _address(self, fields: Sequence[tuple[str, str]]) -> str:
        try:
            parts = urlsplit(self._challenge.realm)
            whole = [*parse_qsl(parts.query, keep_blank_values=True), *fields]
        except ValueError:
            # The request will fail for what it is: no address.
            return self._challenge.realm
        return parts._replace(query=_written(whole), fragment="").geturl()

    def _in_clear(self) -> bool:
        return self._secure and not self._challenge.realm.lower().startswith("https:")

    def _kept_back(self, scopes: Sequence[str], sent: Sent) -> TokenRequest:
        failure = Failure(Stage.HTTP, Failed.CLEAR_TEXT, "the realm is not reached over TLS")
        shown = shown_address(self._challenge.realm)
        exchange = Exchange("GET", shown, sent, None, failure, "", self._clock.now(), 0.0)
        return TokenRequest(tuple(scopes), sent, (exchange,), token=False)

    def _token_in(self, exchange: Exchange) -> str:
        if exchange.answer is None or exchange.status != 200:
            return ""
        found = exchange.answer.object()
        # containerd takes nothing but `access_token` for an answer to its POST.
        strict = exchange.method == "POST" and self._client is Client.CONTAINERD
        names = ("access_token",) if strict else ("token", "access_token")
        return next((found[name] for name in names if isinstance(found.get(name), str)), "")


def _sent(credential: Credential | None) -> Sent:
    if credential is None:
        return Sent.NOTHING
    return Sent.PAIR if credential.identity_token is None else Sent.IDENTITY_TOKEN


def _written(fields: Iterable[tuple[str, str]]) -> str:
    """Fields in the order of their names, as programmes in Go write them."""
    return urlencode(sorted(fields, key=itemgetter(0)), errors="replace")


def _life(exchange: Exchange) -> float | None:
    if exchange.answer is None:
        return None
    value = exchange.answer.object().get("expires_in")
    if not isinstance(value, int | float) or isinstance(value, bool):
        return None
    return float(value) if abs(value) <= _LONGEST_LIFE else None
