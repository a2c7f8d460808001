"""Podman, Buildah and Skopeo: three programmes over one library, without a daemon."""

from __future__ import annotations

import hashlib
import re
import shutil
from abc import ABC, abstractmethod
from pathlib import Path

from tests.clients.commands import Printed, find, run
from tests.clients.images import Image
from tests.clients.registry_clients import Account, Reference, write_docker_configuration


class _ContainerTool:
    """What the three have in common.

    Args:
        folder: for credentials, storage and archives.
        program: its name.
    """

    def __init__(self, folder: Path, program: str) -> None:
        self._folder = folder
        self._program = find(program)
        # With a file named by its variable, Podman 4 insists that the file exists.
        (folder / "auth.json").write_text("{}")
        self._environment = {
            "HOME": str(folder),
            "REGISTRY_AUTH_FILE": str(folder / "auth.json"),
            "XDG_RUNTIME_DIR": str(folder),
        }

    def version(self) -> str:
        """The version it reports."""
        found = re.search(r"version ([0-9.]+)", self._run("--version").expect_success().text)
        return found.group(1) if found else ""

    def log_in(self, host: str, account: Account) -> Printed:
        """Its `login`."""
        return self._run(
            *("login", "--tls-verify=false", "--username", account.user_name),
            *("--password-stdin", host),
            typed=account.password,
        )

    def remember(self, host: str, account: Account) -> None:
        """Write its file of credentials, which has Docker's form."""
        written = write_docker_configuration(self._folder / "kept", host, account)
        written.replace(self._folder / "auth.json")

    def _archive(self, image: Image) -> str:
        path = image.write_oci_archive(self._folder / "image.tar", "image:latest")
        return f"oci-archive:{path}"

    def _run(self, *words: str, typed: str = "") -> Printed:
        return run([self._program, *words], environment=self._environment, typed=typed)


class Skopeo(_ContainerTool):
    """`skopeo`, which copies without storing."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder, "skopeo")

    def push(self, reference: Reference, image: Image) -> Printed:
        """`skopeo copy` from an archive."""
        return self._run(
            *("copy", "--dest-tls-verify=false", self._archive(image), f"docker://{reference}")
        )

    def pull(self, reference: Reference) -> Printed:
        """`skopeo copy` into an empty folder."""
        target = self._folder / "pulled"
        shutil.rmtree(target, ignore_errors=True)
        printed = self._run(
            *("copy", "--src-tls-verify=false", f"docker://{reference}", f"dir:{target}")
        )
        manifest = target / "manifest.json"
        digest = None
        if manifest.exists():
            digest = f"sha256:{hashlib.sha256(manifest.read_bytes()).hexdigest()}"
        return Printed(printed.command, printed.exit_code, printed.text, digest)


class _StoringTool(_ContainerTool, ABC):
    """Podman and Buildah, which keep images in a storage of their own."""

    def __init__(self, folder: Path, program: str) -> None:
        super().__init__(folder, program)
        self._storage = [
            *("--root", str(folder / "storage"), "--runroot", str(folder / "run")),
            *("--storage-driver", "vfs"),
        ]

    def push(self, reference: Reference, image: Image) -> Printed:
        """`pull` from an archive, then `push`."""
        loaded = self._stored("pull", "--quiet", self._archive(image)).expect_success()
        image_id = loaded.lines[-1]
        return self._stored("push", "--tls-verify=false", image_id, f"docker://{reference}")

    def pull(self, reference: Reference) -> Printed:
        """`pull`, after every image has been removed."""
        self._stored("rmi", "--all", "--force")
        printed = self._stored("pull", "--tls-verify=false", str(reference))
        digest = self._digest(reference) if printed.exit_code == 0 else None
        return Printed(printed.command, printed.exit_code, printed.text, digest)

    @abstractmethod
    def _digest(self, reference: Reference) -> str:
        """What the programme says that it pulled."""

    def _stored(self, *words: str) -> Printed:
        return self._run(*self._storage, *words)


class Podman(_StoringTool):
    """`podman`."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder, "podman")

    def _digest(self, reference: Reference) -> str:
        words = ("image", "inspect", "--format", "{{.Digest}}", str(reference))
        return self._stored(*words).expect_success().lines[-1]


class Buildah(_StoringTool):
    """`buildah`."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder, "buildah")

    def _digest(self, reference: Reference) -> str:
        words = ("inspect", "--type", "image", "--format", "{{.FromImageDigest}}", str(reference))
        return self._stored(*words).expect_success().lines[-1]
