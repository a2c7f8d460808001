"""The demonstration's steps, each of which is checked before it is told."""

from __future__ import annotations

import tempfile
from collections.abc import Generator, Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from pratique.cli.demo_client import DockerLike, Refused
from pratique.cli.demo_image import Image, build_image, digest
from pratique.cli.demo_server import DemoServer, private_server
from pratique.cli.failures import Failed
from pratique.cli.over_http import OverHttp
from pratique.cli.session import Session, address

REPOSITORY, TAG = "demo/hello", "v1"
ROBOT, ROLE = "demo-robot", "AcrPull"
PERMISSION = "Microsoft.ContainerRegistry/registries/pull/read"


@dataclass(frozen=True, slots=True)
class Step:
    """Something that was done, and behaved.

    Attributes:
        title: what happened, in one sentence.
        words: lines to be shown below it.
    """

    title: str
    words: tuple[str, ...] = ()


def tell() -> Generator[Step]:
    """The steps as they are done; closing the iterator early cleans up as well.

    Raises:
        Failed: a step did not behave; there are no further ones.
    """
    with (
        tempfile.TemporaryDirectory(prefix="pratique-demo-") as folder,
        private_server(Path(folder)) as server,
        closing(OverHttp(server.url, server.owner)) as transport,
    ):
        yield Step(f"A registry listens on {server.host}, in a folder of its own.")
        yield from _at(server, Session(transport, registry=server.host))
    _demand(not Path(folder).exists(), f"the folder {folder} is still there")
    yield Step("The server is stopped, and its folder is deleted.")


def _at(server: DemoServer, session: Session) -> Iterator[Step]:
    image = build_image()
    yield Step(f"An image is built in memory: {image.size} bytes.", (digest(image.manifest),))
    name = f"{server.host}/{REPOSITORY}:{TAG}"
    with closing(DockerLike(server.url, server.owner)) as owner:
        owner.push(REPOSITORY, TAG, image)
    yield Step("The owner pushes it.", (f"$ docker push {name}",))
    words = _refusal(server, None, "somebody without a login")
    _demand(
        f'Head "{server.url}/v2/{REPOSITORY}/manifests/{TAG}": unauthorized: '
        "authentication required, visit " in words,
        f"the pull without a login was refused in other words: {words}",
    )
    yield Step("Somebody without a login pulls, and is refused.", (f"$ docker pull {name}", words))
    made = session.call("POST", address("service-principals"), body={"name": ROBOT})
    yield Step("A service principal is made.", (f"$ pratique sp create {ROBOT}",))
    yield from _robot(server, session, (made["client_id"], made["secret"]), image)


def _robot(
    server: DemoServer, session: Session, login: tuple[str, str], image: Image
) -> Iterator[Step]:
    pull = f"$ docker pull {server.host}/{REPOSITORY}:{TAG}"
    words = _refusal(server, login, "a service principal without a role")
    told = all(part in words for part in (f"`{ROBOT}`", f"`{PERMISSION}`", f"`{REPOSITORY}`"))
    _demand(told, f"the refusal names neither who, nor what is missing, nor where: {words}")
    yield Step("It pulls, and is refused for another reason.", (pull, words))
    body = {"role": ROLE, "principal": ROBOT}
    session.call("POST", address("role-assignments"), body=body)
    yield Step("It is granted a role.", (f"$ pratique role assign {ROLE} --to {ROBOT}",))
    try:
        pulled = _pull(server, login)
    except Refused as refused:
        raise Failed(f"the pull with the role {ROLE} was refused: {refused}") from refused
    yield Step("It pulls, and is let in.", (pull,))
    parts = {
        "manifest": (image.manifest, pulled.manifest),
        "config": (image.config, pulled.config),
        "layer": (image.layer, pulled.layer),
    }
    for part, (pushed, got) in parts.items():
        _demand(digest(pushed) == digest(got), f"the {part} came back with other bytes")
    yield Step(
        "What was pulled is what was pushed.",
        tuple(f"{part.ljust(8)}  {digest(got)}" for part, (_, got) in parts.items()),
    )


def _pull(server: DemoServer, login: tuple[str, str] | None) -> Image:
    """One `docker pull`, which asks for a token of its own."""
    with closing(DockerLike(server.url, login)) as client:
        return client.pull(REPOSITORY, TAG)


def _refusal(server: DemoServer, login: tuple[str, str] | None, who: str) -> str:
    """What Docker would print."""
    try:
        _pull(server, login)
    except Refused as refused:
        return str(refused)
    raise Failed(f"{who} was not refused")


def _demand(behaved: bool, otherwise: str) -> None:
    if not behaved:
        raise Failed(otherwise)
