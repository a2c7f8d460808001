"""What the operator sets for one run: frozen values, read once on the command line."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Places:
    """Where a registry is kept.

    Attributes:
        data: a folder of this machine.
    """

    data: Path

    @property
    def of_rows(self) -> str:
        """Where the rows are, in words."""
        return f"the folder {self.data}"


@dataclass(frozen=True, slots=True)
class Listen:
    """Where to listen.

    Attributes:
        host: an address of this machine.
        port: 1 to 65535.
    """

    host: str
    port: int


@dataclass(frozen=True, slots=True)
class TlsFiles:
    """A certificate chain and its private key, both PEM."""

    certificate: Path
    private_key: Path


@dataclass(frozen=True, slots=True)
class ServeSettings:
    """One run of the server.

    Attributes:
        places: where the registry is kept.
        workers: processes; as many as cores by default.
        tls: None for plain HTTP.
        external_url: `https://HOST` as clients see it, when a proxy stands in front.
        request_log: whether each request writes a line.
        allow_private_issuers: whether trusted issuers may be asked for keys in private networks.
        collect_every: how often what nothing needs any more is deleted; None for never.
        collect_untagged: after which time without a tag manifests are deleted; None for never.
        metrics: where metrics are shown; None for nowhere.
        drain_delay: how long everybody is still served after the server was told to stop.
    """

    places: Places
    listen: Listen
    workers: int
    tls: TlsFiles | None = None
    external_url: str | None = None
    request_log: bool = True
    allow_private_issuers: bool = False
    collect_every: timedelta | None = timedelta(hours=6)
    collect_untagged: timedelta | None = None
    metrics: Listen | None = None
    drain_delay: timedelta = timedelta(0)
