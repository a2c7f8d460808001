"""Causes in proxies: the one that is set fails, or the shell has one that the daemon lacks."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

from pratique.diagnosis.facts.conversation import Exchange, Failed, Failure
from pratique.diagnosis.facts.credentials import Client
from pratique.diagnosis.facts.examination import Examination
from pratique.diagnosis.findings import Finding, certain, suspected
from pratique.diagnosis.references import split_port
from pratique.diagnosis.rules.shape import Rule, host, origin, quoted, shown, token_exchanges

_BY_THE_PROXY: Final = {
    Failed.PROXY_UNREACHABLE: "cannot be reached",
    Failed.PROXY_REFUSED: "refuses",
    Failed.PROXY_LOGIN: "wants a login",
    Failed.PROXY_KIND: "is of a kind that the doctor does not speak to",
}
_NO_WAY: Final = frozenset({Failed.TIMEOUT, Failed.UNREACHABLE, Failed.LOOKUP})
_PERHAPS_NO_WAY: Final = frozenset({Failed.NO_SUCH_NAME, Failed.REFUSED, Failed.CLOSED})
_UNITS: Final = {Client.DOCKER: "docker", Client.CONTAINERD: "containerd"}


def proxy_refuses(seen: Examination) -> Iterator[Finding]:
    """A proxy stands between, and it is the proxy that fails."""
    failed = next((each for each in _asked(seen) if _is_the_proxys(each.failure)), None)
    if failed is None or failed.failure is None:
        return
    settings = seen.settings.proxies
    proxy = seen.registry.proxy if seen.registry and seen.registry.proxy else "that is set"
    whose = settings.daemon_source if settings.daemon is not None else ""
    end = _BY_THE_PROXY[failed.failure.why]
    status = f" ({failed.failure.status})" if failed.failure.status else ""
    yield certain(
        "proxy-for-daemon",
        f"The proxy {f'`{proxy}`' if '://' in proxy else proxy}"
        + (f", set for the daemon in {whose}," if whose else "")
        + f" {end}{status}, so `{origin(failed.url)}` is not reached.",
        evidence=[shown(failed), *_both(seen)],
        advice=_advice_on(failed.failure, host(seen)),
    )


def proxy_of_the_shell_alone(seen: Examination) -> Iterator[Finding]:
    """The shell has a proxy for this host, the process that pulls has none."""
    proxies = seen.settings.proxies
    failure = seen.ping.failure if seen.ping else None
    if failure is None or proxies.daemon is None or seen.reference is None:
        return
    own = _proxy(proxies.shell, seen)
    if not own or _proxy(proxies.daemon, seen):
        return
    if failure.why not in _NO_WAY | _PERHAPS_NO_WAY:
        return
    unit = _UNITS.get(seen.wish.client, "docker")
    folder = f"/etc/systemd/system/{unit}.service.d"
    setting = f'Environment="HTTPS_PROXY={own}"'.replace("%", "%%")
    where = f" ({proxies.daemon_source})" if proxies.daemon_source else ""
    yield (certain if failure.why in _NO_WAY else suspected)(
        "proxy-for-daemon",
        f"This shell goes through the proxy `{own}`, the daemon{where} does not, and without a "
        f"proxy `{host(seen)}` is not reached: {failure.why.value}.",
        f"sudo mkdir -p {folder}",
        f"printf '%s\\n' '[Service]' {quoted(setting)} | sudo tee {folder}/proxy.conf",
        f"sudo systemctl daemon-reload && sudo systemctl restart {unit}",
        evidence=_both(seen),
    )


def _asked(seen: Examination) -> Iterator[Exchange]:
    if seen.ping is not None:
        yield seen.ping
    yield from token_exchanges(seen)
    yield from (blob.last for blob in seen.blobs)


def _is_the_proxys(failure: Failure | None) -> bool:
    return failure is not None and failure.why in _BY_THE_PROXY


def _advice_on(failure: Failure, name: str) -> str:
    directly = f"name `{name}` in NO_PROXY if it is reached directly"
    if failure.why is Failed.PROXY_LOGIN:
        what = "Put user and password into its address: `http://USER:PASSWORD@PROXY:PORT`"
    elif failure.why is Failed.PROXY_REFUSED:
        what = f"Have it allow `{name}`, or {directly}"
    else:
        what = f"Mend its address, or {directly}"
    return f"{what}; a daemon reads this when it is started."


def _both(seen: Examination) -> list[str]:
    proxies = seen.settings.proxies
    lines = [f"the shell's proxy: {_without_login(proxies.shell.get('https', '')) or 'none'}"]
    if proxies.daemon is not None:
        theirs = _without_login(proxies.daemon.get("https", "")) or "none"
        lines.append(f"the daemon's proxy: {theirs}")
    return lines


def _proxy(settings: Mapping[str, str], seen: Examination) -> str:
    """The proxy for the registry, without user and password; empty when it is asked directly."""
    name = seen.reference.name.lower() if seen.reference else ""
    value = settings.get("https", "")
    return "" if _is_excepted(name, settings.get("no", "")) else _without_login(value)


def _is_excepted(name: str, exceptions: str) -> bool:
    """Whether NO_PROXY may cover a name; for an address any network in it may."""
    is_address = name.replace(".", "").isdecimal() or ":" in name
    for entry in exceptions.lower().split(","):
        wanted = split_port(entry.strip())[0].removeprefix("*").removeprefix(".")
        if entry.strip() == "*" or (is_address and "/" in entry):
            return True
        if wanted and (name == wanted or name.endswith(f".{wanted}")):
            return True
    return name == "localhost" or name.startswith("127.")


def _without_login(value: str) -> str:
    scheme, mark, rest = value.rpartition("://")
    return f"{scheme}{mark}{rest.rpartition('@')[2].partition('/')[0]}"


RULES: tuple[Rule, ...] = (proxy_refuses, proxy_of_the_shell_alone)
