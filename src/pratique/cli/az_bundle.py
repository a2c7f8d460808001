"""The file of certificates that az is given, and the authorities that it is made of."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from pratique.cli.az_trust import Roots, Trust, bundle_of
from pratique.cli.failures import Failed
from pratique.cli.private_files import replace_file


@dataclass(frozen=True, slots=True)
class Bundle:
    """A folder with one file for each server's authority, and the bundle of them all.

    Public roots are in it too: who uses az for Azure as well needs them.

    Attributes:
        folder: of all this.
    """

    folder: Path

    @classmethod
    def of_this_user(cls) -> Bundle:
        """Where the XDG Base Directory Specification has it."""
        folder = os.environ.get("XDG_CONFIG_HOME") or Path.home() / ".config"
        return cls(Path(folder) / "pratique" / "az")

    @property
    def path(self) -> Path:
        """The bundle."""
        return self.folder / "ca-bundle.pem"

    def authority(self, host: str) -> Path:
        """The file of one server's authority.

        Args:
            host: with its port, if it has one.
        """
        return self.folder / "authorities" / f"{host.replace(':', '_')}.pem"

    def is_made(self, host: str, roots: Roots, trust: Trust) -> bool:
        """Whether writing would change nothing."""
        return self._holds(self.authority(host), trust.added) and self._holds(
            self.path, bundle_of(roots, self._authorities({self.authority(host): trust.added}))
        )

    def write(self, host: str, roots: Roots, trust: Trust) -> None:
        """Trust a server's authority from now on.

        Raises:
            Failed: the files cannot be written.
        """
        self._put(self.authority(host), trust.added)
        self._put(self.path, bundle_of(roots, self._authorities({})))

    def forget(self, host: str, roots: Roots) -> None:
        """Trust a server's authority no more; without any the bundle goes as well.

        Raises:
            Failed: the files cannot be written.
        """
        try:
            self.authority(host).unlink(missing_ok=True)
            left = self._authorities({})
            if not left:
                self.path.unlink(missing_ok=True)
        except OSError as error:
            raise Failed(f"{self.folder} cannot be changed: {error}") from error
        if left:
            self._put(self.path, bundle_of(roots, left))

    def _authorities(self, laid_over: dict[Path, str]) -> list[str]:
        try:
            there = {
                path: path.read_text("utf-8")
                for path in sorted((self.folder / "authorities").glob("*.pem"))
            }
        except (OSError, ValueError) as error:
            raise Failed(f"{self.folder} cannot be read: {error}") from error
        return list({**there, **laid_over}.values())

    def _holds(self, path: Path, content: str) -> bool:
        try:
            return path.read_text("utf-8") == content
        except (OSError, ValueError):
            return False

    def _put(self, path: Path, content: str) -> None:
        try:
            replace_file(path, content.encode())
        except OSError as error:
            raise Failed(f"the file {path} cannot be written: {error}") from error
