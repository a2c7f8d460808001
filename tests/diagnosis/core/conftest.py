"""What tests of the doctor's core share."""

from __future__ import annotations

import ssl
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from tests.diagnosis.bed.certificates import Authority
from tests.diagnosis.core.loopback import QuickClock, Servers, Wires

from pratique.diagnosis.network.certificates import trusting
from pratique.diagnosis.network.connections import Connector
from pratique.diagnosis.network.requests import Requests


@dataclass
class Way:
    """A way from the doctor to servers of a test.

    Attributes:
        trusted: an authority that the doctor trusts.
        strange: one that it does not.
        proxies: values of `https`, `http` and `no`.
        unverified: hosts whose certificate need not be good.
    """

    servers: Servers
    trusted: Authority
    strange: Authority
    wires: Wires = field(default_factory=Wires)
    clock: QuickClock = field(default_factory=QuickClock)
    proxies: dict[str, str] = field(default_factory=dict)
    unverified: set[str] = field(default_factory=set)
    opened: list[Requests] = field(default_factory=list)

    def requests(self) -> Requests:
        """Sends requests over this way."""
        connector = Connector(
            self.wires,
            self.proxies,
            lambda host, _: trusting(
                [("authority", self.trusted.pem)],
                verified=host not in self.unverified,
                system=_empty,
            ),
        )
        made = Requests(connector, self.clock, "pratique-doctor")
        self.opened.append(made)
        return made


def _empty() -> ssl.SSLContext:
    return ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)


@pytest.fixture(scope="session")
def authorities(tmp_path_factory: pytest.TempPathFactory) -> tuple[Authority, Authority]:
    """An authority that is trusted, and one that is not."""
    folder: Path = tmp_path_factory.mktemp("authorities")
    return Authority("trusted", folder), Authority("strange", folder)


@pytest.fixture
def way(authorities: tuple[Authority, Authority]) -> Iterator[Way]:
    """A way, whose connections and servers end with the test."""
    with Servers() as servers:
        made = Way(servers, *authorities)
        yield made
        for each in made.opened:
            each.close()
