"""From a host's name to its first answer: addresses, connection, TLS, and `/v2/`."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping

from pratique.diagnosis.facts.conversation import Exchange
from pratique.diagnosis.facts.credentials import Client
from pratique.diagnosis.facts.examination import Examination, Host, Outcome
from pratique.diagnosis.facts.settings import ClientSettings
from pratique.diagnosis.machine import Machine
from pratique.diagnosis.network.connections import Connector, Target
from pratique.diagnosis.network.following import follow, origin_of
from pratique.diagnosis.network.requests import Request, Requests
from pratique.diagnosis.network.trust import Trust
from pratique.diagnosis.protocol.challenges import read_challenges
from pratique.diagnosis.references import Reference, split_port
from pratique.diagnosis.walk.progress import Progress

AGENT = "pratique-doctor"
_AZURE = (".azurecr.io", ".azurecr.cn", ".azurecr.us")
_MOST_NEIGHBOURS = 4
_MOST_MIRRORS = 3


class Approach:
    """The way to one registry.

    Args:
        machine: from which it leads.
        seen: where to note what was seen.
        reference: of the image.
        progress: of the walk.
    """

    def __init__(
        self, machine: Machine, seen: Examination, reference: Reference, progress: Progress
    ) -> None:
        self._machine = machine
        self._seen = seen
        self._progress = progress
        self._name, self._port = split_port(reference.server)
        settings = seen.settings
        self._trust = Trust(
            machine.files,
            self._name,
            self._port or 443,
            settings.ca_files,
            verified=not settings.insecure,
        )
        self.connector = Connector(machine.network, _proxies(settings), self._trust.context)
        self.requests = Requests(self.connector, machine.clock, AGENT)

    def ping(self) -> bool:
        """Ask `/v2/`; whether a registry answered, with a challenge or without."""
        seen = self._seen
        ping, target = self._first_answer()
        seen.ping = ping
        seen.registry = self._host(target, ping)
        seen.trust_faults = tuple(dict.fromkeys(self._trust.faults))
        if ping.answer is None:
            seen.outcome = Outcome.UNREACHABLE
            words = ping.failure.why.value if ping.failure else ""
            self._progress.note("reach the registry", words, well=False)
            return False
        self._progress.note("reach the registry", self._reached(ping), well=True)
        if self._is_heeded(ping):
            seen.challenges = read_challenges(ping.answer.every("www-authenticate"))
        return self._judge(ping)

    def mirrors(self) -> None:
        """Ask `/v2/` of every mirror."""
        self._seen.mirrors = tuple(
            (mirror.url, self.requests.send(Request("GET", f"{mirror.url.rstrip('/')}/v2/")))
            for mirror in self._seen.settings.mirrors[:_MOST_MIRRORS]
        )

    def neighbours(self) -> None:
        """Ask `/v2/` at each address of the registry's name."""
        host = self._seen.registry
        if host is None or len(host.addresses) < 2:
            return
        self._seen.neighbours = tuple(
            (address, self.requests.send(Request("GET", f"{host.url}/v2/", only=address)))
            for address in host.addresses[:_MOST_NEIGHBOURS]
        )

    def _first_answer(self) -> tuple[Exchange, Target]:
        secure = Target("https", self._name, self._port or 443)
        first = self._ask(secure)
        plain = Target("http", self._name, self._port or 80)
        if first.answer is not None or not self._seen.settings.insecure:
            return first, secure
        second = self._ask(plain)
        # Where plain HTTP fails as well, what TLS said is the better story, unless nobody is there.
        return (second, plain) if second.answer is not None else (first, secure)

    def _ask(self, target: Target) -> Exchange:
        place = f"{target.scheme}://{target.shown_host}/v2/"
        asked = follow(self.requests, Request("GET", place))
        # Where a redirect leads nowhere, it is the answer.
        return next((each for each in reversed(asked) if each.answer is not None), asked[0])

    def _host(self, target: Target, ping: Exchange) -> Host:
        proxy = self.connector.proxy(target)
        addresses: tuple[str, ...] = ()
        if proxy is None:
            with contextlib.suppress(OSError, UnicodeError):
                addresses = self._machine.network.addresses_of(self._name)
        return Host(
            f"{target.scheme}://{target.shown_host}",
            addresses,
            self._private_link(ping),
            proxy.url if proxy else "",
            ping.failure,
            ping.failure.certificate if ping.failure else None,
        )

    def _private_link(self, ping: Exchange) -> str:
        suffix = next((each for each in _AZURE if self._name.endswith(each)), "")
        if not suffix or ping.status == 401:
            return ""
        name = f"{self._name.removesuffix(suffix)}.privatelink{suffix}"
        with contextlib.suppress(OSError, UnicodeError):
            return self._machine.network.addresses_of(name)[0]
        return ""

    def _is_heeded(self, ping: Exchange) -> bool:
        """Whether the client follows the challenge of an answer to which it was redirected.

        Docker files a challenge under the place that gave it; and none may lead a login away that
        came over plain HTTP where the registry itself has TLS.
        """
        host = self._seen.registry
        if host is None or origin_of(ping.url) == origin_of(host.url):
            return True
        clear = host.url.startswith("https:") and not ping.url.startswith("https:")
        return self._seen.wish.client is not Client.DOCKER and not clear

    def _reached(self, ping: Exchange) -> str:
        host = self._seen.registry
        through = f" through {host.proxy}" if host and host.proxy else ""
        return f"{ping.address or 'it'} answered {ping.status}{through}"

    def _judge(self, ping: Exchange) -> bool:
        seen = self._seen
        if ping.status == 429:
            seen.outcome = Outcome.THROTTLED
        elif ping.status == 403:
            seen.outcome = Outcome.REFUSED
        elif ping.status == 401 or (ping.status == 200 and not _is_page(ping)):
            return True
        else:
            seen.outcome = Outcome.NOT_A_REGISTRY
        self._progress.note("ask for `/v2/`", f"answered {ping.status}", well=False)
        return False


def _is_page(ping: Exchange) -> bool:
    answer = ping.answer
    marked = answer is not None and answer.header("docker-distribution-api-version")
    return answer is not None and answer.is_html and not marked


def _proxies(settings: ClientSettings) -> Mapping[str, str]:
    daemon = settings.proxies.daemon
    return settings.proxies.shell if daemon is None else daemon
