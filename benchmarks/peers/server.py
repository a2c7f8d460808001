"""A running server as the works see it, and the names of all of them."""

from __future__ import annotations

import subprocess
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from benchmarks.content import ACCEPT

NGINX = "nginx"
DOCKER_REGISTRY = "docker-registry"
DISTRIBUTION = "distribution"
ZOT = "zot"
PRATIQUE = "pratique"

# From the name of a repository and actions to the header that lets them happen.
Grant = Callable[[str, str], Mapping[str, str]]


def open_to_all(_repository: str, _actions: str) -> Mapping[str, str]:
    """The grant of a server that asks nobody for credentials."""
    return {}


@dataclass(frozen=True)
class Server:
    """A server that holds the images.

    Attributes:
        name: one of the names above.
        url: without a path.
        process_id: of its first process.
        version: as the programme itself says it.
        authentication: in a word or two, for the table.
        grant: gives the header that carries what a request needs.
        credentials: user name and password for its token server; None where it has none.
        takes_pushes: whether it stores what is pushed to it.
    """

    name: str
    url: str
    process_id: int
    version: str
    authentication: str
    grant: Grant = field(default=open_to_all, repr=False)
    credentials: tuple[str, str] | None = field(default=None, repr=False)
    takes_pushes: bool = True

    def reading(self, repository: str) -> dict[str, str]:
        """Headers of a pull."""
        return {**ACCEPT, **self.grant(repository, "pull")}

    def writing(self, repository: str) -> dict[str, str]:
        """Headers of a push."""
        return dict(self.grant(repository, "pull,push"))


def first_line_of(command: Sequence[str]) -> str:
    """What a programme says of its version."""
    done = subprocess.run(command, check=False, capture_output=True, text=True, timeout=30)
    return (done.stdout + done.stderr).strip().partition("\n")[0]
