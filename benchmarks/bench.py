"""What every work is given: the content, the servers that hold it, and how much to measure."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from benchmarks.client import check
from benchmarks.content import Content, make_content
from benchmarks.peers.distribution import distribution, docker_registry
from benchmarks.peers.finding import Found
from benchmarks.peers.nginx import nginx
from benchmarks.peers.pratique import Prepared, prepare
from benchmarks.peers.server import DISTRIBUTION, DOCKER_REGISTRY, NGINX, PRATIQUE, ZOT, Server
from benchmarks.peers.token_server import token_server
from benchmarks.peers.zot import zot
from benchmarks.scale import Scale


@dataclass(frozen=True)
class Bench:
    """One run.

    Attributes:
        folder: for whatever a work makes.
        scale: how large things are.
        rounds: figures of each case and server.
        seconds: length of a burst.
        workers: of nginx and of Pratique.
        content: the images.
        prepared: the folder that Pratique serves.
        servers: all that answer, Pratique the last.
    """

    folder: Path
    scale: Scale
    rounds: int
    seconds: int
    workers: int
    content: Content
    prepared: Prepared
    servers: Sequence[Server]

    @property
    def pratique(self) -> Server:
        """Pratique's own server."""
        return next(server for server in self.servers if server.name == PRATIQUE)

    @property
    def registries(self) -> list[Server]:
        """The servers that take pushes."""
        return [server for server in self.servers if server.takes_pushes]


@contextmanager
def opened(
    folder: Path,
    found: Found,
    scale: Scale,
    rounds: int,
    seconds: int,
    workers: int,
    tell: Callable[[str], None],
) -> Iterator[Bench]:
    """Make the content, start every server with it, and compare what they serve with it.

    Args:
        folder: empty; takes everything.
        found: the peers of this machine.
        scale: see `Bench`.
        rounds: see `Bench`.
        seconds: see `Bench`.
        workers: see `Bench`.
        tell: told what is going on.

    Raises:
        BenchmarkError: a server did not start, refused something, or serves other bytes.
    """

    def place(name: str) -> Path:
        made = folder / name
        made.mkdir()
        return made

    tell("making the content")
    content = make_content(place("content"), scale)
    with ExitStack() as stack:
        tokens = stack.enter_context(token_server(place("tokens")))
        starts = {
            NGINX: lambda at, programme: nginx(at, programme, content, workers),
            DOCKER_REGISTRY: lambda at, programme: docker_registry(at, programme, content),
            DISTRIBUTION: lambda at, programme: distribution(at, programme, content, tokens),
            ZOT: lambda at, programme: zot(at, programme, content, tokens),
        }
        servers: list[Server] = []
        for name, programme in found.programmes.items():
            tell(f"starting {name}")
            servers.append(stack.enter_context(starts[name](place(name), programme)))
        tell(f"starting {PRATIQUE}")
        prepared = prepare(place(PRATIQUE), content.images, workers)
        servers.append(prepared.server(stack.enter_context(prepared.serving())))
        for server in servers:
            check(server, content.images)
        yield Bench(place("works"), scale, rounds, seconds, workers, content, prepared, servers)
