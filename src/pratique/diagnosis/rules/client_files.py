"""Causes in how the client is set up: mirrors, hosts files, signatures, blocked and short names."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from pratique.diagnosis.facts.conversation import Exchange, Failed
from pratique.diagnosis.facts.credentials import Client
from pratique.diagnosis.facts.examination import Examination
from pratique.diagnosis.facts.settings import Mirror
from pratique.diagnosis.findings import Finding, certain, suspected
from pratique.diagnosis.references import DOCKER_HUB
from pratique.diagnosis.rules import client_proxies
from pratique.diagnosis.rules.shape import (
    Rule,
    host,
    image,
    origin,
    pulls,
    quoted,
    refused,
    shown,
)
from pratique.diagnosis.rules.stored_shape import pull_command

_UNTRUSTED: Final = frozenset(
    {
        Failed.UNKNOWN_AUTHORITY,
        Failed.SPEAKS_HTTP,
        Failed.WRONG_NAME,
        Failed.EXPIRED,
        Failed.TLS,
    }
)
_FORBIDDEN: Final = 403
_UNAUTHORIZED: Final = 401
_ALIASES: Final = "/etc/containers/registries.conf.d"


def mirror_refuses(seen: Examination) -> Iterator[Finding]:
    """A mirror is asked before the registry, and it does not let the client in."""
    if pulls(seen):
        return
    by_url = {each.url: each for each in seen.settings.mirrors}
    for url, exchange in seen.mirrors:
        mirror = by_url.get(url)
        told = _refusal_of(exchange, mirror)
        if told is None or mirror is None:
            continue
        clear, words = told
        yield (certain if clear else suspected)(
            "mirror-gets-wrong-credential",
            f"{mirror.source} has the mirror `{origin(url)}` asked before `{host(seen)}`, and it "
            f"{words}.",
            evidence=[shown(exchange)],
            advice="A mirror gets no login of its own from the login file: let it serve without "
            "one"
            + (
                ", or give it an `authorization` header in hosts.toml."
                if seen.wish.client is Client.CONTAINERD
                else ", or take it out of the file and restart the daemon."
            ),
        )
        return


def hosts_files_ignored(seen: Examination) -> Iterator[Finding]:
    """Containerd passes over the file that says how to reach this host."""
    faults = seen.settings.containerd_faults
    if not faults or seen.wish.client is not Client.CONTAINERD:
        return
    failure = seen.ping.failure if seen.ping else None
    reached = refused(seen) or seen.wish.offline
    if failure is None and not reached:
        return
    clear = failure is not None and failure.why in _UNTRUSTED
    yield (certain if clear else suspected)(
        "containerd-config-path-ignored",
        f"Containerd does not use its hosts files: {faults[0].rstrip('.')}.",
        *([] if seen.settings.config_path else ["containerd config dump | grep -n config_path"]),
        evidence=faults,
        advice='In /etc/containerd/config.toml set `config_path = "/etc/containerd/certs.d"` in '
        "the registry section of the CRI plugin, and restart containerd.",
    )


def signature_wanted(seen: Examination) -> Iterator[Finding]:
    """The registry gives the image, and Red Hat's old docker would still look for a signature."""
    if not seen.settings.redhat_verification or seen.wish.client is not Client.DOCKER:
        return
    if pulls(seen) and not seen.wish.login_only:
        yield suspected(
            "redhat-docker-signature-verification",
            "The registry gives the image; if docker still says `unauthorized`, it is because Red "
            "Hat's build of it looks for a signature.",
            "grep OPTIONS /etc/sysconfig/docker",
            evidence=["/etc/sysconfig/docker has no `--signature-verification=false`"],
            advice="Add `--signature-verification=false` to OPTIONS in /etc/sysconfig/docker and "
            "restart docker.",
        )


def blocked(seen: Examination) -> Iterator[Finding]:
    """Podman's own configuration forbids the registry, whatever that would answer."""
    file = seen.settings.blocked_by
    if file and seen.wish.client is Client.PODMAN:
        yield certain(
            "blocked-registry-in-registries-conf",
            f"{file} blocks `{host(seen)}`, so podman does not ask it at all.",
            f"grep -n -B 5 blocked {quoted(file)}",
            evidence=[f"`blocked = true` in {file}"],
            advice="Take out `blocked = true` for this registry, if that is yours to decide.",
        )


def short_name(seen: Examination) -> Iterator[Finding]:
    """The name has no host, and podman looks for it in several registries, or in another one."""
    reference, search = seen.reference, seen.settings.search
    if reference is None or reference.host_given or seen.wish.client is not Client.PODMAN:
        return
    if pulls(seen) or search == (DOCKER_HUB,):
        return
    path = image(seen).removeprefix(f"{reference.host}/")
    bare = path.removeprefix("library/")
    if search:
        listed = ", ".join(f"`{each}`" for each in search)
        words = f"podman looks for it at {listed}, and shows the last refusal alone"
    else:
        words = "podman is given no registries to search"
    clear = bool(search) and not seen.wish.offline
    yield (certain if clear else suspected)(
        "short-name-resolution",
        f"`{seen.wish.image}` is a short name: {words}.",
        *(
            pull_command(seen, f"{each}/{path if each == DOCKER_HUB else bare}")
            for each in search or (DOCKER_HUB,)
        ),
        evidence=[f"unqualified-search-registries has {len(search)} entries"],
        advice=f"Write the whole name, or an alias in {_ALIASES}.",
    )


def _refusal_of(exchange: Exchange, mirror: Mirror | None) -> tuple[bool, str] | None:
    """Whether it is sure that a mirror refuses, and how; None when it does not."""
    answer = exchange.answer
    if answer is None:
        return None
    if answer.status == _FORBIDDEN:
        return True, "refuses (403)"
    if answer.status == _UNAUTHORIZED and (mirror is None or not mirror.has_header):
        basic = answer.header("www-authenticate").lower().startswith("basic")
        return basic, "wants a login (401)"
    if answer.is_html:
        return True, f"answers with a page for people ({answer.status})"
    return None


RULES: tuple[Rule, ...] = (
    *client_proxies.RULES,
    mirror_refuses,
    hosts_files_ignored,
    signature_wanted,
    blocked,
    short_name,
)
