"""A server that az knows by a name, and users of az."""

from __future__ import annotations

import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Any, Final

from tests.az.azure_cli import Az, World, environment_of_az
from tests.clients.images import Image, build_image
from tests.support.live_server import LiveServer, free_port, live_server

NAME: Final = "pratique.harbour.test"
# Where registries answer that are made beside it.
OTHERS: Final = tuple(f"{name}.harbour.test" for name in ("second", "third", "dock1"))


@dataclass(frozen=True)
class Harbour:
    """The server, and what there is to know of it.

    Attributes:
        login_server: its name, with a port where it could not have the usual one.
        tenant: the directory's id.
        subscription: in which the registry stands.
        scope: the registry's resource id.
        boss: client id and secret of a service principal with the role Owner at `/`.
        import_port: of 127.0.0.1, from which the server may import over plain HTTP.
    """

    server: LiveServer
    world: World
    programs: Path
    folder: Path
    login_server: str
    tenant: str
    scope: str
    boss: tuple[str, str]
    import_port: int
    _numbers: Iterator[int]

    @property
    def subscription(self) -> str:
        """The id of the one subscription."""
        return self.scope.split("/")[2]

    def unique(self, before: str) -> str:
        """A name that nothing has yet."""
        return f"{before}{next(self._numbers)}"

    def stranger(self) -> Az:
        """An az that knows the cloud and has signed in nobody."""
        home = self.folder / self.unique("home")
        home.mkdir()
        az = Az(self.world, self.programs, home, self.server.certificate)
        az(
            *("cloud", "register", "--name", "Pratique"),
            *("--endpoint-resource-manager", f"https://{self.login_server}"),
        )
        az("cloud", "set", "--name", "Pratique")
        return az

    def signed_in(self, client_id: str, secret: str, *words: str) -> Az:
        """An az of a service principal."""
        az = self.stranger()
        az(
            *("login", "--service-principal", "--username", client_id),
            *("--password", secret, "--tenant", self.tenant, *words),
        )
        return az

    def robot(self, name: str, *roles: str) -> dict[str, Any]:
        """A new service principal with these roles at the registry."""
        made: dict[str, Any] = self.server.pratique("sp", "create", self.unique(name))
        for role in roles:
            self.server.pratique("role", "assign", role, "--to", made["object_id"])
        return made

    def push(self, az: Az, repository: str, *tags: str) -> Image:
        """Put an image into a repository, as a client would; its words are its repository's."""
        image = build_image(repository)
        archive = image.write_oci_archive(self.folder / f"{self.unique('image')}.tar", "i:latest")
        owner, password = self.server.owner
        for tag in tags:
            target = f"docker://{self.login_server}/{repository}:{tag}"
            done = az.beside(
                *("skopeo", "copy", "--quiet", "--dest-creds", f"{owner}:{password}"),
                *(f"oci-archive:{archive}", target),
            )
            assert done.code == 0, done.err
        return image


@contextmanager
def harbour(folder: Path) -> Iterator[Harbour]:
    """Serve a registry under a name, at the usual port if this user may have that.

    Raises:
        Missing: az, or a world of its own for it, cannot be had here.
    """
    programs = environment_of_az()
    # An address of this process alone, so that several can have the usual port.
    number = os.getpid()
    address = f"127.{64 + number // 62500 % 64}.{number // 250 % 250 + 1}.{number % 250 + 1}"
    world = World(folder, NAME, address, *OTHERS)
    usual = _can_have(address, 443)
    port = 443 if usual else free_port()
    login_server = NAME if usual else f"{NAME}:{port}"
    import_port = free_port()
    with live_server(
        folder / "data",
        options=("--import-from", f"http://127.0.0.1:{import_port}"),
        workers=1,
        port=port,
        tls=True,
        address=address,
        login_server=login_server,
    ) as server:
        boss = server.pratique("sp", "create", "boss")
        server.pratique("role", "assign", "Owner", "--to", "boss", "--scope", "/")
        registry = server.pratique("registry", "show")
        yield Harbour(
            server=server,
            world=world,
            programs=programs,
            folder=folder,
            login_server=login_server,
            tenant=registry["tenant_id"],
            scope=registry["id"],
            boss=(boss["client_id"], boss["secret"]),
            import_port=import_port,
            _numbers=count(1),
        )


def _can_have(address: str, port: int) -> bool:
    with socket.socket() as probe:
        try:
            probe.bind((address, port))
        except OSError:
            return False
        return True
