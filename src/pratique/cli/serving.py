"""`pratique serve` and `pratique init`."""

from __future__ import annotations

import json
import os
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from urllib.parse import urlsplit

import click

from pratique.cli.defaults import DEFAULT_LISTEN
from pratique.cli.failures import Failed
from pratique.cli.folder_option import places_options
from pratique.cli.spans import span
from pratique.cli.verbs import Verb
from pratique.naming import InvalidName, RegistryName
from pratique.settings import Places


@click.command(cls=Verb, example="pratique init --data /srv/pratique --json")
@places_options("The folder that holds everything.")
@click.option("--name", default="pratique", show_default=True, help="The registry's name.")
@click.option("--login-server", help="The host name that clients will use; any, when not given.")
@click.option("--owner", default="owner", show_default=True, help="User name of the first user.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def init(places: Places, name: str, login_server: str | None, owner: str, as_json: bool) -> None:
    """Prepare a folder and show the owner's password, this once."""
    from pratique.admission import ControlError  # noqa: PLC0415 - loaded when used
    from pratique.assembly import prepare  # noqa: PLC0415
    from pratique.registry import ContentError  # noqa: PLC0415

    try:
        prepared = prepare(
            places, name=RegistryName(name), login_server=login_server, owner_name=owner
        )
    except (ControlError, InvalidName, ContentError, OSError) as error:
        raise Failed(str(getattr(error, "detail", error)), as_json=as_json) from error
    server = login_server or DEFAULT_LISTEN
    if as_json:
        content = {
            "registry": prepared.registry.name,
            "login_server": server,
            "owner": {"username": prepared.owner_name, "password": prepared.owner_password},
        }
        click.echo(json.dumps(content))
        return
    click.echo(f"The registry `{prepared.registry.name}` is ready in {places.of_rows}.")
    click.echo("Its owner, shown this once:\n")
    click.echo(f"  user name  {prepared.owner_name}\n  password   {prepared.owner_password}\n")
    click.echo(f"Next: pratique serve --data {places.data}")


@click.command(cls=Verb, example="pratique serve --data /srv/pratique --listen 0.0.0.0:5000")
@places_options("The folder that holds everything.")
@click.option(
    "--listen",
    default=DEFAULT_LISTEN,
    envvar="PRATIQUE_LISTEN",
    show_default=True,
    metavar="HOST:PORT",
    help="Where to listen.",
)
@click.option(
    "--workers",
    type=click.IntRange(1, 256),
    default=lambda: os.cpu_count() or 1,
    envvar="PRATIQUE_WORKERS",
    show_default="one per core",
    help="Worker processes.",
)
@click.option("--tls-cert", type=click.Path(path_type=Path), help="Certificate chain, PEM.")
@click.option("--tls-key", type=click.Path(path_type=Path), help="Its private key, PEM.")
@click.option(
    "--tls",
    type=click.Choice(["auto"]),
    help="`auto` makes a certificate of its own in the data folder.",
)
@click.option(
    "--external-url",
    envvar="PRATIQUE_EXTERNAL_URL",
    metavar="https://HOST",
    help="How clients reach the registry when a proxy stands in front.",
)
@click.option(
    "--allow-private-issuers",
    is_flag=True,
    envvar="PRATIQUE_ALLOW_PRIVATE_ISSUERS",
    help="Ask trusted issuers for their keys also in private networks and on this machine.",
)
@click.option(
    "--collect-every",
    callback=span(never="never"),
    default="6h",
    envvar="PRATIQUE_COLLECT_EVERY",
    show_default=True,
    metavar="TIME",
    help="How often to delete what nothing needs any more; `never` leaves it to `pratique gc`.",
)
@click.option(
    "--collect-untagged",
    callback=span(),
    envvar="PRATIQUE_COLLECT_UNTAGGED",
    metavar="TIME",
    help="Also delete manifests that no tag has led to for TIME, as in 30d; none when not given.",
)
@click.option(
    "--metrics",
    envvar="PRATIQUE_METRICS",
    metavar="HOST:PORT",
    help="Where to show metrics for Prometheus, to whoever can reach it; nowhere when not given.",
)
@click.option(
    "--drain-delay",
    type=click.FloatRange(0, 600),
    default=0.0,
    envvar="PRATIQUE_DRAIN_DELAY",
    show_default=True,
    metavar="SECONDS",
    help="How long to serve on after SIGTERM while `/readyz` says no, for load balancers.",
)
@click.option(
    "--limits",
    type=click.Choice(["none", "basic", "standard", "premium"]),
    default="none",
    envvar="PRATIQUE_LIMITS",
    show_default=True,
    help="How many requests a minute an identity and an address may send; as in ACR's tiers.",
)
@click.option(
    "--limit",
    "single_limits",
    multiple=True,
    envvar="PRATIQUE_LIMIT",
    metavar="WHOSE.CLASS=N",
    help="One limit, as in identity.reads=3000 or address.writes=none; may be given many times.",
)
@click.option(
    "--trusted-proxy",
    "trusted_proxies",
    multiple=True,
    envvar="PRATIQUE_TRUSTED_PROXY",
    metavar="CIDR",
    help="Where a proxy stands whose X-Forwarded-For is believed; may be given many times.",
)
@click.option(
    "--traces",
    is_flag=True,
    envvar="PRATIQUE_TRACES",
    help="Send OpenTelemetry traces where the OTEL_* variables say.",
)
@click.option(
    "--traces-from-clients",
    type=click.Choice(["ignore", "link", "parent"]),
    default="link",
    envvar="PRATIQUE_TRACES_FROM_CLIENTS",
    show_default=True,
    help="What a client's own trace (`traceparent`) means for a request's.",
)
@click.option(
    "--redirects/--no-redirects",
    default=True,
    envvar="PRATIQUE_REDIRECTS",
    help="Whether clients are sent to the object store for blobs, or get them from here.",
)
@click.option(
    "--import-from",
    multiple=True,
    envvar="PRATIQUE_IMPORT_FROM",
    metavar="HOST",
    help="A host from which images may be imported, or *.DOMAIN; may be given many times.",
)
@click.option("--audit-pulls", is_flag=True, help="Write pulls into the audit log, too.")
@click.option("--request-log/--no-request-log", default=True, help="A JSON line for each request.")
def serve(
    *,
    places: Places,
    listen: str,
    workers: int,
    tls_cert: Path | None,
    tls_key: Path | None,
    tls: str | None,
    external_url: str | None,
    allow_private_issuers: bool,
    collect_every: timedelta | None,
    collect_untagged: timedelta | None,
    metrics: str | None,
    drain_delay: float,
    request_log: bool,
    limits: str,
    single_limits: tuple[str, ...],
    trusted_proxies: tuple[str, ...],
    traces: bool,
    redirects: bool,
    audit_pulls: bool,
    traces_from_clients: str,
    import_from: tuple[str, ...],
) -> None:
    """Serve a registry from a folder; the first time, prepare it and show the owner's password."""
    from pratique.cli.serve_options import (  # noqa: PLC0415 - loaded when used
        checked_hosts,
        checked_limits,
        checked_networks,
        checked_traces,
    )
    from pratique.cli.server import parse_external_url, parse_listen, run, tls_files  # noqa: PLC0415 - loaded when used
    from pratique.settings import ServeSettings  # noqa: PLC0415

    address = parse_listen(listen)
    external = parse_external_url(external_url)
    seen_as = urlsplit(external).hostname if external else None
    hosts = [address.host] if seen_as is None else [seen_as, address.host]
    if tls is not None:
        from pratique.assembly import hosts_of  # noqa: PLC0415 - loaded when used
        from pratique.cli.storage_failures import storage_failures_told  # noqa: PLC0415

        with storage_failures_told(places.of_rows):
            hosts += hosts_of(places)
    run(
        ServeSettings(
            places=replace(places, redirects=redirects),
            listen=address,
            workers=workers,
            tls=tls_files(places.data, hosts, tls, tls_cert, tls_key),
            external_url=external,
            request_log=request_log,
            allow_private_issuers=allow_private_issuers,
            collect_every=collect_every,
            collect_untagged=collect_untagged,
            metrics=None if metrics is None else parse_listen(metrics, "--metrics"),
            drain_delay=timedelta(seconds=drain_delay),
            limits=checked_limits(limits, single_limits),
            trusted_proxies=checked_networks(trusted_proxies),
            traces=checked_traces(traces_from_clients) if traces else None,
            audit_pulls=audit_pulls,
            import_from=checked_hosts(import_from),
        )
    )
