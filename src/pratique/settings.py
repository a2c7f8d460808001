"""What the operator sets for one run: frozen values, read once on the command line."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from urllib.parse import urlsplit


@dataclass(frozen=True, slots=True)
class Places:
    """Where a registry is kept.

    Attributes:
        data: a folder of this machine, for everything that is not elsewhere.
        database: `postgresql://...` for the rows; None for files in the folder. May hold a
            password, so it is never shown.
        blobs: `s3://...`, `az://...` or `gs://...` for the blobs; None for files in the folder.
        redirects: whether clients are sent to the object store for blobs.
        node_mark: a file by which the processes of one server tell each other of changes; None
            where there is one process.
    """

    data: Path
    database: str | None = field(default=None, repr=False)
    blobs: str | None = field(default=None, repr=False)
    redirects: bool = True
    node_mark: Path | None = None

    @property
    def of_rows(self) -> str:
        """Where the rows are, in words without a secret."""
        if self.database is None:
            return f"the folder {self.data}"
        url = urlsplit(self.database)
        host = url.hostname or "this machine"
        return f"the database {url.path.lstrip('/')} at {host}"


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
        limits: how many requests a minute are served: the name of a preset, and single limits.
        trusted_proxies: networks of proxies that say truly whom they stand for.
        audit_pulls: whether pulls have entries in the audit log.
        import_from: hosts from which images may be imported.
        traces: what a client's own trace means, where traces are sent to a collector; None for no
            traces.
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
    limits: tuple[str, tuple[str, ...]] = ("none", ())
    trusted_proxies: tuple[str, ...] = ()
    traces: str | None = None
    audit_pulls: bool = False
    import_from: tuple[str, ...] = ()
