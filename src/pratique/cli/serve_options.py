"""Options of `pratique serve` that are checked before a process is started."""

from __future__ import annotations

import ipaddress
from collections.abc import Sequence
from importlib.util import find_spec

import click

from pratique.cli.failures import Failed
from pratique.http.edge.limits import Limits, UnknownLimit
from pratique.naming import InvalidName
from pratique.naming.hosts import AllowedHosts


def checked_limits(preset: str, single: Sequence[str]) -> tuple[str, tuple[str, ...]]:
    """A preset and single limits that can be read.

    Raises:
        click.BadParameter: one cannot.
    """
    try:
        Limits.parse(preset, single)
    except UnknownLimit as error:
        raise click.BadParameter(str(error), param_hint="--limit") from error
    return preset, tuple(single)


def checked_networks(networks: Sequence[str]) -> tuple[str, ...]:
    """Networks that can be read.

    Raises:
        click.BadParameter: one cannot, or is all the world, which would believe every client.
    """
    for text in networks:
        try:
            network = ipaddress.ip_network(text)
        except ValueError as error:
            told = f"`{text}` is no network; write it as in 10.0.0.0/8 or ::1"
            raise click.BadParameter(told, param_hint="--trusted-proxy") from error
        if network.prefixlen == 0:
            told = f"`{text}` is everybody, and clients would be believed whatever they write"
            raise click.BadParameter(told, param_hint="--trusted-proxy")
    return tuple(networks)


def checked_hosts(hosts: Sequence[str]) -> tuple[str, ...]:
    """Hosts from which images may be imported, if they can be read.

    Raises:
        click.BadParameter: one of them is no host.
    """
    try:
        AllowedHosts.parse(hosts)
    except InvalidName as error:
        raise click.BadParameter(str(error), param_hint="--import-from") from error
    return tuple(hosts)


def checked_traces(from_clients: str) -> str:
    """What a client's own trace means, where traces can be sent at all.

    Raises:
        Failed: OpenTelemetry is not installed.
    """
    if find_spec("opentelemetry") is None or find_spec("opentelemetry.exporter") is None:
        raise Failed(
            "traces need OpenTelemetry, which is not installed: pip install 'pratique[traces]'"
        )
    return from_clients
