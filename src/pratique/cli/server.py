"""Starting the server's processes, and telling the user how to use it."""

from __future__ import annotations

import asyncio
import ctypes
import errno
import shutil
import signal
import socket
import sys
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import click

from pratique.admission import AlreadyExists
from pratique.assembly import (
    METRICS,
    Prepared,
    Watched,
    edge_of,
    is_prepared,
    limiter_of,
    metrics_listener,
    now,
    open_registry,
    prepare,
    proxies_of,
    refuse_moved,
    standard_output_log,
    try_stores,
)
from pratique.cli.collecting import collect_for_ever
from pratique.cli.failures import Failed
from pratique.cli.processes import board_of, buckets_of, mark_of, stop_gently
from pratique.cli.pulse import measure_for_ever
from pratique.cli.storage_failures import storage_failures_told
from pratique.http.wire.challenges import is_host
from pratique.naming import RegistryName
from pratique.observability import Board, Meter, names
from pratique.registry import Policy
from pratique.settings import Listen, ServeSettings, TlsFiles

DRAIN_SECONDS = 30
_PARENT_DEATH_SIGNAL = 1
# Names of glibc's <malloc.h>.
_TRIM_THRESHOLD, _MMAP_THRESHOLD = -1, -3
_KEPT_BYTES = 16 * 1024 * 1024
_MAPPED_BYTES = 1024 * 1024


def parse_listen(text: str, option: str = "--listen") -> Listen:
    """`HOST:PORT` or `[V6]:PORT`.

    Raises:
        click.BadParameter: it is neither.
    """
    host, colon, port = text.rpartition(":")
    if not colon or not host or not port.isdigit() or not 0 < int(port) < 65536:
        raise click.BadParameter(f"`{text}` is not HOST:PORT", param_hint=option)
    return Listen(host.strip("[]"), int(port))


def parse_external_url(text: str | None) -> str | None:
    """`http://HOST` or `https://HOST`, without a path; it is repeated in headers.

    Raises:
        click.BadParameter: it is neither.
    """
    if text is None:
        return None
    scheme, _, host = text.rstrip("/").partition("://")
    if scheme not in {"http", "https"} or not is_host(host):
        raise click.BadParameter(f"`{text}` is not https://HOST", param_hint="--external-url")
    return f"{scheme}://{host}"


def tls_files(
    data: Path,
    hosts: Sequence[str],
    mode: str | None,
    certificate: Path | None,
    key: Path | None,
) -> TlsFiles | None:
    """The certificate to serve with; made here when the user asked for that.

    Raises:
        click.UsageError: half of a pair, or both kinds at once.
    """
    if (certificate is None) != (key is None) or (mode and certificate):
        raise click.UsageError("give --tls-cert and --tls-key together, or --tls auto alone")
    if certificate is not None and key is not None:
        for path in (certificate, key):
            if not path.is_file():
                raise click.UsageError(f"there is no file {path}")
        return TlsFiles(certificate, key)
    if mode is None:
        return None
    from pratique.cli.certificate import own_certificate  # noqa: PLC0415 - loaded when used

    return own_certificate(data, *hosts)


def run(settings: ServeSettings) -> None:
    """Serve until told to stop.

    Raises:
        Failed: the address is taken, or the folder cannot be used.
    """
    _ensure_free(settings.listen)
    if settings.metrics is not None:
        _ensure_free(settings.metrics, "--metrics")
    try:
        with storage_failures_told(settings.places.of_rows):
            prepared = _prepare_unless_done(settings)
            # Everything that can fail is tried here once, where it can be said well.
            try_stores(settings.places)
    except (AlreadyExists, OSError) as error:
        raise Failed(f"{settings.places.of_rows} cannot be used: {error}") from error
    _greet(settings, prepared)
    with (
        board_of(settings.workers) as board,
        buckets_of(settings) as buckets,
        mark_of(settings.places) as mark,
    ):
        places = replace(settings.places, node_mark=mark)
        _serve(replace(settings, places=places), board, buckets)


def _serve(settings: ServeSettings, board: Path, buckets: Path | None) -> None:
    from granian import Granian  # noqa: PLC0415 - loaded when used
    from granian.constants import HTTPModes, Interfaces, Loops, SSLProtocols  # noqa: PLC0415

    tls = settings.tls
    server = Granian(
        "pratique",
        settings.listen.host,
        settings.listen.port,
        interface=Interfaces.RSGI,
        workers=settings.workers,
        loop=Loops.uvloop,
        # Without TLS nobody negotiates HTTP/2, and to look for it costs every request.
        http=HTTPModes.auto if tls else HTTPModes.http1,
        websockets=False,
        log_enabled=False,
        respawn_failed_workers=True,
        workers_kill_timeout=DRAIN_SECONDS,
        ssl_cert=tls.certificate if tls else None,
        ssl_key=tls.private_key if tls else None,
        ssl_protocol_min=SSLProtocols.tls12,
    )
    stop_gently(server, Board.open(board), settings.drain_delay)
    # Granian calls what the loader returns by `__rsgi__`, which its own types do not say.
    loader: Any = partial(_load, settings, board, buckets)
    server.serve(target_loader=loader, wrap_loader=False)


class _Worker:
    """What one worker process runs: the edge, opened and closed with the process."""

    def __init__(self, settings: ServeSettings, board: Path, buckets: Path | None) -> None:
        self._meter = Meter(METRICS, Board.open(board))
        self._log = standard_output_log(requests=settings.request_log)
        limiter = limiter_of(settings, buckets, self._log, self._meter)
        self._watched = Watched(settings.traces, self._meter, self._tell)
        self._opened = open_registry(
            settings.places,
            self._log,
            external_url=settings.external_url,
            allow_private_issuers=settings.allow_private_issuers,
            meter=self._meter,
            limiter=limiter,
            spans=self._watched.spans,
            audit_pulls=settings.audit_pulls,
            import_from=settings.import_from,
        )
        edge = edge_of(
            self._opened,
            self._log,
            self._meter,
            limiter=limiter,
            proxies=proxies_of(settings),
            traces=self._watched.requests,
        )
        # The server looks for this name, and calls it for each request.
        self.__rsgi__ = edge.__rsgi__
        self._loop: asyncio.AbstractEventLoop | None = None
        self._metrics = metrics_listener(self._meter)
        self._settings = settings
        self._beside: list[asyncio.Task[None]] = []

    def _tell(self, what: str) -> None:
        """Write what goes wrong beside requests; from any thread."""
        if self._loop is not None:
            with suppress(RuntimeError):
                self._loop.call_soon_threadsafe(self._log.write, {"event": "fault", "error": what})

    def __rsgi_init__(self, loop: Any) -> None:
        self._loop = loop
        forgotten = loop.run_until_complete(self._opened.sweep())
        self._meter.count(names.UPLOADS, "forgotten", by=forgotten)
        shown = self._settings.metrics
        if shown is not None:
            loop.run_until_complete(self._metrics.open(shown.host, shown.port))
        if self._opened.follow is not None:
            self._beside.append(loop.create_task(self._opened.follow()))
        self._beside.append(loop.create_task(measure_for_ever(self._opened, self._meter, now)))
        every = self._settings.collect_every
        if every is not None:
            policy = Policy(untagged=self._settings.collect_untagged)
            collecting = collect_for_ever(self._opened, policy, every, self._log, now, self._meter)
            self._beside.append(loop.create_task(collecting))

    def __rsgi_del__(self, loop: Any) -> None:
        self._metrics.close()
        for task in self._beside:
            task.cancel()
            with suppress(asyncio.CancelledError):
                loop.run_until_complete(task)
        self._watched.close()
        self._opened.close()


def _load(settings: ServeSettings, board: Path, buckets: Path | None) -> _Worker:
    """Build the application in a worker process.

    A worker that outlives its parent would hold the port with nobody to end it, so the kernel is
    asked to end it too.
    """
    if sys.platform == "linux":
        system = ctypes.CDLL(None)
        system.prctl(_PARENT_DEATH_SIGNAL, signal.SIGTERM)
        _keep_freed_memory(system)
    return _Worker(settings, board, buckets)


def _keep_freed_memory(system: ctypes.CDLL) -> None:
    """Let what is freed be taken again, up to a bound, instead of giving it back to the kernel.

    Parts of blobs and of uploads come and go with each request; to be given the same pages anew,
    cleared, takes longer than to copy what they hold. Where there is no glibc, nothing happens.
    """
    if hasattr(system, "mallopt"):
        system.mallopt(_TRIM_THRESHOLD, _KEPT_BYTES)
        system.mallopt(_MMAP_THRESHOLD, _MAPPED_BYTES)


def _ensure_free(listen: Listen, option: str = "--listen") -> None:
    """Refuse an address that somebody listens on; the server itself would share it."""
    family = socket.AF_INET6 if ":" in listen.host else socket.AF_INET
    with socket.socket(family) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((listen.host, listen.port))
        except OSError as error:
            if error.errno == errno.EADDRINUSE:
                raise Failed(
                    f"something listens on {listen.host}:{listen.port} already; stop it, or choose "
                    f"another address with {option}"
                ) from error
            raise Failed(f"cannot listen on {listen.host}:{listen.port}: {error}") from error


def _prepare_unless_done(settings: ServeSettings) -> Prepared | None:
    if is_prepared(settings.places):
        refuse_moved(settings.places)
        return None
    return prepare(settings.places, name=RegistryName("pratique"), login_server=None)


def _greet(settings: ServeSettings, prepared: Prepared | None) -> None:
    """What a newcomer wants to know first, on standard error, away from the request log."""
    host = _host_for_clients(settings)
    scheme = "https" if settings.tls else "http"
    data = settings.places.data
    lines = [
        f"Pratique serves {settings.places.of_rows} at {settings.external_url or f'{scheme}://{host}'}"
    ]
    if prepared is not None:
        lines += [
            "",
            "This registry is new. Its owner, shown this once:",
            "",
            f"  user name  {prepared.owner_name}",
            f"  password   {prepared.owner_password}",
            "",
            "Try next:",
            "",
            f"  docker login {host} -u {prepared.owner_name}",
            f"  docker pull hello-world && docker tag hello-world {host}/hello-world",
            f"  docker push {host}/hello-world",
            f"  docker pull {host}/hello-world",
            "",
            "Let somebody else pull:",
            "",
            f"  {_own_command()} sp create my-robot --data {data}",
            f"  {_own_command()} role assign AcrPull --to my-robot --data {data}",
        ]
    if settings.tls and settings.tls.certificate.is_relative_to(data):
        lines += [
            "",
            "The certificate is this registry's own. Docker trusts it after:",
            "",
            f"  mkdir -p /etc/docker/certs.d/{host}",
            f"  cp {settings.tls.certificate} /etc/docker/certs.d/{host}/ca.crt",
        ]
    click.echo("\n".join([*lines, "", "Stop with Ctrl-C.", ""]), err=True)
    sys.stderr.flush()


def _own_command() -> str:
    """How the user can type this programme: by its name, or as it was started."""
    return "pratique" if shutil.which("pratique") else sys.argv[0]


def _host_for_clients(settings: ServeSettings) -> str:
    if settings.external_url:
        return settings.external_url.partition("://")[2]
    host = settings.listen.host
    if host in {"0.0.0.0", "::"}:  # noqa: S104 - what the user chose, not what we bind
        host = socket.gethostname()
    return f"[{host}]:{settings.listen.port}" if ":" in host else f"{host}:{settings.listen.port}"
