"""How the client that pulls is set up, beside its credentials."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Mirror:
    """Another host that the client asks first.

    Attributes:
        url: `https://HOST` or `http://HOST`, with a path where one is set.
        source: file that names it.
        has_header: whether the file gives it an `Authorization` header of its own.
    """

    url: str
    source: str
    has_header: bool = False


@dataclass(frozen=True, slots=True)
class ProxySettings:
    """Which proxies are set, and for whom.

    Attributes:
        shell: of the doctor's own environment: `https`, `http`, `no` to their values.
        daemon: of the process that pulls (its unit, drop-ins, daemon.json); None when it is the
            same as the shell's (podman), or nothing could be read.
        daemon_source: where that was read; empty when nowhere.
    """

    shell: Mapping[str, str] = field(default_factory=dict)
    daemon: Mapping[str, str] | None = None
    daemon_source: str = ""


@dataclass(frozen=True, slots=True)
class KubeletPlugin:
    """One `providers` entry of the kubelet's CredentialProviderConfig.

    Attributes:
        name: of the programme.
        match_images: its globs.
        installed: whether the programme is in the plugin folder.
        covers: whether a glob covers the image.
    """

    name: str
    match_images: tuple[str, ...]
    installed: bool
    covers: bool


@dataclass(frozen=True, slots=True)
class ClientSettings:
    """What the client's own files say about this host.

    Attributes:
        insecure: whether the client may speak plain HTTP, or to a certificate that it cannot
            verify, with this host.
        insecure_source: file that says so; empty when it is the client's own rule for loopback.
        ca_files: certificates that the client trusts for this host beside the system's.
        mirrors: asked before the host itself, in order.
        blocked_by: file that blocks this host (registries.conf); empty when none does.
        search: unqualified-search-registries (podman), in order.
        config_path: containerd's `config_path`; None when it is not set.
        hosts_file: the `hosts.toml` for this host; empty when there is none.
        containerd_faults: what keeps containerd from reading its hosts files, a sentence each.
        proxies: which proxies are set.
        kubelet_plugins: None when no kubelet configuration is here.
        redhat_verification: whether Red Hat's old docker would verify signatures
            (`/etc/sysconfig/docker` without `--signature-verification=false`).
        files: that were read for all this.
    """

    insecure: bool = False
    insecure_source: str = ""
    ca_files: tuple[str, ...] = ()
    mirrors: tuple[Mirror, ...] = ()
    blocked_by: str = ""
    search: tuple[str, ...] = ()
    config_path: str | None = None
    hosts_file: str = ""
    containerd_faults: tuple[str, ...] = ()
    proxies: ProxySettings = ProxySettings()
    kubelet_plugins: tuple[KubeletPlugin, ...] | None = None
    redhat_verification: bool = False
    files: tuple[str, ...] = ()
