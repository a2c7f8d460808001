"""containerd with `ctr`, its plain client: no login, no configuration of registries."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.clients.commands import Printed, daemon, find, needs_root, run
from tests.clients.images import Image
from tests.clients.registry_clients import Account, Reference

_CONFIGURATION = """\
version = 2
root = "{folder}/root"
state = "{folder}/state"
disabled_plugins = ["io.containerd.grpc.v1.cri"]
[grpc]
  address = "{folder}/containerd.sock"
[ttrpc]
  address = "{folder}/containerd.sock.ttrpc"
"""


@contextmanager
def containerd_daemon(folder: Path) -> Iterator[Path]:
    """A containerd that keeps everything in `folder`; gives its socket.

    Args:
        folder: an empty folder with a short path.
    """
    needs_root("containerd")
    socket = folder / "containerd.sock"
    configuration = folder / "config.toml"
    configuration.write_text(_CONFIGURATION.format(folder=folder))
    ctr = find("ctr")

    def answers() -> bool:
        return socket.exists() and run([ctr, "--address", str(socket), "version"]).exit_code == 0

    command = [find("containerd"), "--config", str(configuration)]
    with daemon(command, folder / "containerd.log", answers):
        yield socket


class Ctr:
    """`ctr` in a containerd namespace of its own.

    Args:
        folder: for archives; its name becomes the namespace.
        socket: of the containerd.
    """

    def __init__(self, folder: Path, socket: Path) -> None:
        self._folder = folder
        self._ctr = [find("ctr"), "--address", str(socket), "--namespace", folder.name]
        self._accounts: dict[str, Account] = {}

    def version(self) -> str:
        """The version of the daemon, which does not resolve names itself but is built with it."""
        text = run([*self._ctr, "version"]).expect_success().text
        server = text[text.index("Server:") :]
        found = re.search(r"Version:\s*v?([0-9.]+)", server)
        return found.group(1) if found else ""

    def log_in(self, host: str, account: Account) -> Printed:
        """Take note: `ctr` is told the password with every command."""
        self.remember(host, account)
        return Printed(f"(a note for {host})", 0, "")

    def remember(self, host: str, account: Account) -> None:
        """Take note."""
        self._accounts[host] = account

    def push(self, reference: Reference, image: Image) -> Printed:
        """`ctr images import`, then `ctr images push`."""
        archive = image.write_oci_archive(self._folder / "image.tar", str(reference))
        self._images("import", "--snapshotter", "native", str(archive)).expect_success()
        return self._images("push", "--plain-http", *self._user(reference), str(reference))

    def pull(self, reference: Reference) -> Printed:
        """`ctr images pull` into a namespace that has been emptied."""
        self._images("rm", "--sync", str(reference))
        printed = self._images(
            *(
                "pull",
                "--snapshotter",
                "native",
                "--plain-http",
                *self._user(reference),
                str(reference),
            )
        )
        listed = self._images("ls", f"name=={reference}").text
        found = re.search(r"sha256:[0-9a-f]{64}", listed)
        digest = found.group() if found and printed.exit_code == 0 else None
        return Printed(printed.command, printed.exit_code, printed.text, digest)

    def _user(self, reference: Reference) -> list[str]:
        account = self._accounts.get(reference.host)
        return [] if account is None else ["--user", f"{account.user_name}:{account.password}"]

    def _images(self, *words: str) -> Printed:
        return run([*self._ctr, "images", *words])
