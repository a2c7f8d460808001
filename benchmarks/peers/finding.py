"""Which peers this machine has: on PATH, or built before into the benchmarks' own cache."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from benchmarks.peers.server import DISTRIBUTION, DOCKER_REGISTRY, NGINX, ZOT, first_line_of

BUILD_SECONDS = 1800.0


@dataclass(frozen=True)
class Source:
    """A peer that the Go toolchain can build.

    Attributes:
        package: for `go install`.
        environment: what it needs besides.
    """

    package: str
    environment: Mapping[str, str] = field(default_factory=dict)


# What each peer's programme is called.
PROGRAMMES = {
    NGINX: "nginx",
    DOCKER_REGISTRY: "docker-registry",
    DISTRIBUTION: "registry",
    ZOT: "zot",
}
DEBIAN_PACKAGES = {NGINX: "nginx-light", DOCKER_REGISTRY: "docker-registry"}
SOURCES = {
    DISTRIBUTION: Source("github.com/distribution/distribution/v3/cmd/registry@latest"),
    ZOT: Source("zotregistry.dev/zot/v2/cmd/zot@latest", {"GOEXPERIMENT": "jsonv2"}),
}


@dataclass(frozen=True)
class Found:
    """What there is to measure beside.

    Attributes:
        programmes: of each peer that is there.
        missing: of each other peer, the reason and what to do.
    """

    programmes: Mapping[str, str]
    missing: Mapping[str, str]


def cache() -> Path:
    """The folder for what was built, below the user's cache."""
    above = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(above) / "pratique-benchmarks"


def find() -> Found:
    """Look for all peers."""
    programmes, missing = {}, {}
    for peer, name in PROGRAMMES.items():
        path = shutil.which(name) or shutil.which(name, path=str(cache()))
        if path is None:
            package = DEBIAN_PACKAGES.get(peer)
            remedy = f"`apt-get install {package}`" if package else "`--build`"
            missing[peer] = f"not found; {remedy}"
        elif peer == DISTRIBUTION and "/v3" not in (version := first_line_of([path, "--version"])):
            missing[peer] = f"`{path}` is no v3: {version}"
        else:
            programmes[peer] = path
    return Found(programmes, missing)


def build() -> dict[str, str]:
    """Build what is missing and can be built; the reason for each that could not be."""
    failed = {}
    for peer in find().missing:
        source = SOURCES.get(peer)
        if source is None:
            continue
        if shutil.which("go") is None:
            failed[peer] = "there is no Go toolchain"
            continue
        done = subprocess.run(
            ["go", "install", source.package],
            check=False,
            capture_output=True,
            text=True,
            timeout=BUILD_SECONDS,
            env={
                **os.environ,
                "CGO_ENABLED": "0",
                **source.environment,
                "GOBIN": str(cache()),
            },
        )
        if done.returncode != 0:
            failed[peer] = done.stderr.strip().rpartition("\n")[2][:300]
    return failed
