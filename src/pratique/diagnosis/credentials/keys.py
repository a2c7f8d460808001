"""How clients compare the image's host with the keys that are stored.

Sources: docker/cli `cli/config/credentials/file_store.go` (ConvertToHostname), containers/image
`pkg/docker/config/config.go`, kubernetes `pkg/credentialprovider/keyring.go`.
"""

from __future__ import annotations

import fnmatch
import re
from collections.abc import Iterator
from typing import Final
from urllib.parse import SplitResult, urlsplit

from pratique.diagnosis.references import DOCKER_HUB, Reference, split_port

HUB_KEY: Final = "https://index.docker.io/v1/"
_HUB_NAMES: Final = frozenset(
    {DOCKER_HUB, "index.docker.io", "registry-1.docker.io", "hub.docker.com", "registry.docker.io"}
)
_PODMAN_HUB: Final = frozenset({DOCKER_HUB, "index.docker.io", "registry-1.docker.io"})
_USUAL_PORTS: Final = frozenset({None, 80, 443})
_USER_IN_ADDRESS = re.compile(r"^([A-Za-z][A-Za-z0-9+.-]*://)?[^/@]*@")
_LONGEST_SHOWN: Final = 300


def shown(key: str) -> str:
    """A key as it may be printed: without user and password, control characters or great length."""
    plain = _USER_IN_ADDRESS.sub(r"\1***@", key)[:_LONGEST_SHOWN]
    return "".join(letter if letter.isprintable() else "?" for letter in plain)


def docker_key(reference: Reference) -> str:
    """What docker looks up for an image."""
    return HUB_KEY if reference.host == DOCKER_HUB else reference.host


def host_by_docker(key: str) -> str:
    """The host that docker makes of a stored key which is not the very text it looks for."""
    if "://" in key:
        parts = _split(key)
        if parts is not None and parts.hostname:
            name = parts.netloc.rpartition("@")[2].removesuffix(":")
            host, port = split_port(name)
            return f"[{host}]:{port}" if ":" in host and port is not None else name.strip("[]")
        key = key.partition("://")[2]
    return key.partition("/")[0]


def keys_for_podman(reference: Reference) -> Iterator[str]:
    """Keys that podman looks up, the repository first, then each namespace, then the host."""
    path = f"{reference.host}/{reference.repository}"
    while True:
        yield path
        path, slash, _ = path.rpartition("/")
        if not slash:
            return


def host_by_podman(key: str, *, old_format: bool) -> str:
    """The host that podman makes of a stored key; `index.docker.io` for names of Docker Hub."""
    plain = key.removeprefix("http://").removeprefix("https://")
    if old_format or plain != key:
        plain = plain.partition("/")[0]
    return "index.docker.io" if plain in _PODMAN_HUB else plain


def kubelet_key(key: str) -> str | None:
    """The host and path by which the kubelet files a stored key; None when it takes it for none."""
    parts = _split(key if key.startswith(("https://", "http://")) else f"https://{key}")
    if parts is None:
        return None
    path = parts.path
    if path.startswith(("/v1/", "/v2/")):
        path = path[3:]
    host = parts.netloc.rpartition("@")[2]
    return host + path if path not in {"", "/"} else host


def kubelet_matches(key: str, image: str) -> bool:
    """Whether the kubelet takes a filed key for an image (also its plugins' `matchImages`).

    Args:
        key: as `kubelet_key` gives it; parts of the host may be globs.
        image: host and repository.
    """
    glob, target = _split(f"https://{key}"), _split(f"https://{image}")
    if glob is None or target is None:
        return False
    glob_host, glob_port = _host_and_port(glob.netloc)
    host, port = _host_and_port(target.netloc)
    globs, names = glob_host.split("."), host.split(".")
    return (
        glob_port == port
        and len(globs) == len(names)
        and target.path.startswith(glob.path)
        and all(_part_matches(part, name) for part, name in zip(globs, names, strict=True))
    )


def same_host_for_people(key: str, reference: Reference) -> bool:
    """Whether a person would take a key for the host of an image, whatever clients think."""
    mine, my_port = split_port(_simple(reference.host))
    theirs, their_port = split_port(_simple(key))
    if _known_as(mine) != _known_as(theirs):
        return False
    return my_port == their_port or my_port in _USUAL_PORTS or their_port in _USUAL_PORTS


def _known_as(name: str) -> str:
    if name in _HUB_NAMES:
        return DOCKER_HUB
    if name.endswith(".azureacr.io"):
        return name.removesuffix("azureacr.io") + "azurecr.io"
    return name


def _simple(key: str) -> str:
    plain = key.strip().lower().rpartition("://")[2]
    return plain.partition("/")[0].rpartition("@")[2].removesuffix(":").removesuffix(".")


def _split(address: str) -> SplitResult | None:
    try:
        return urlsplit(address)
    except ValueError:
        return None


def _host_and_port(netloc: str) -> tuple[str, str]:
    name, colon, port = netloc.rpartition(":")
    return (name, port) if colon and ("]" in name or ":" not in name) else (netloc, "")


def _part_matches(glob: str, name: str) -> bool:
    return fnmatch.fnmatchcase(name, glob.replace("[^", "[!"))
