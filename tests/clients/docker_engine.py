"""Docker Engine: a daemon of our own, without bridge or firewall rules, and its command line."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.clients.commands import Printed, daemon, find, needs_root, run
from tests.clients.images import Image
from tests.clients.registry_clients import Account, Reference, write_docker_configuration
from tests.support.live_server import NULL_GUID


@contextmanager
def docker_daemon(folder: Path, containerd: Path) -> Iterator[str]:
    """A Docker daemon that keeps everything in `folder`; gives the address of its socket.

    Args:
        folder: an empty folder with a short path.
        containerd: socket of the containerd that the daemon uses.
    """
    needs_root("a Docker daemon")
    socket = folder / "docker.sock"
    command = [
        find("dockerd"),
        "--iptables=false",
        "--bridge=none",
        "--storage-driver=vfs",
        f"--data-root={folder / 'data'}",
        f"--exec-root={folder / 'exec'}",
        f"--pidfile={folder / 'docker.pid'}",
        f"--config-file={folder / 'daemon.json'}",
        f"--containerd={containerd}",
        f"--host=unix://{socket}",
    ]
    (folder / "daemon.json").write_text("{}")
    docker = find("docker")
    address = f"unix://{socket}"

    def answers() -> bool:
        return socket.exists() and run([docker, "--host", address, "info"]).exit_code == 0

    with daemon(command, folder / "dockerd.log", answers):
        yield address


class Docker:
    """The `docker` command line with a configuration of its own, in front of a shared daemon.

    Args:
        folder: for the configuration.
        address: of the daemon's socket.
    """

    def __init__(self, folder: Path, address: str) -> None:
        self._folder = folder
        self.configuration = folder / "config.json"
        self._environment = {"DOCKER_CONFIG": str(folder), "HOME": str(folder)}
        self._docker = [find("docker"), "--host", address]

    def version(self) -> str:
        """The version of the daemon, which is what talks to registries."""
        text = self._run("version", "--format", "{{.Server.Version}}").expect_success().text
        return re.sub(r"[^0-9.].*", "", text, flags=re.DOTALL)

    def log_in(self, host: str, account: Account) -> Printed:
        """`docker login`."""
        return self._run(
            *("login", host, "--username", account.user_name, "--password-stdin"),
            typed=account.password,
        )

    def remember(self, host: str, account: Account) -> None:
        """Write its configuration; of a registry token, which Docker keeps as identity token."""
        if account.user_name != NULL_GUID:
            write_docker_configuration(self._folder, host, account)
            return
        name = base64.b64encode(f"{NULL_GUID}:".encode()).decode()
        kept = {"auth": name, "identitytoken": account.password}
        self.configuration.write_text(json.dumps({"auths": {host: kept}}))

    def log_out(self, host: str) -> Printed:
        """`docker logout`."""
        return self._run("logout", host)

    def push(self, reference: Reference, image: Image) -> Printed:
        """`docker load`, then `docker push`."""
        archive = image.write_docker_archive(self._folder / "image.tar", str(reference))
        self._run("load", "--input", str(archive)).expect_success()
        return self._run("push", str(reference))

    def pull(self, reference: Reference) -> Printed:
        """`docker pull`, after the image has been removed from the daemon."""
        self._run("image", "rm", "--force", str(reference))
        printed = self._run("pull", str(reference))
        found = re.search(r"^Digest: (sha256:[0-9a-f]{64})$", printed.text, re.MULTILINE)
        digest = found.group(1) if found else None
        return Printed(printed.command, printed.exit_code, printed.text, digest)

    def _run(self, *words: str, typed: str = "") -> Printed:
        return run([*self._docker, *words], environment=self._environment, typed=typed)
