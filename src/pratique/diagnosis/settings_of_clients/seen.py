"""Files that were read, so that a report can name them."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Mapping

from pratique.diagnosis.machine import Files


class Seen:
    """Reads files and remembers which were there.

    Args:
        files: where they are.
    """

    def __init__(self, files: Files) -> None:
        self._files = files
        self._paths: list[str] = []

    @property
    def paths(self) -> tuple[str, ...]:
        """Those that were there, in the order in which they were read."""
        return tuple(dict.fromkeys(self._paths))

    def names_in(self, folder: str) -> tuple[str, ...]:
        """Names in a folder, in order."""
        return tuple(sorted(self._files.names_in(folder)))

    def add(self, paths: tuple[str, ...]) -> None:
        """Remember files that somebody else read."""
        self._paths += paths

    def text(self, path: str) -> str | None:
        """A file's text; None when it is not there or not for us."""
        try:
            text = self._files.read(path).decode("utf-8", "replace")
        except (OSError, ValueError):
            return None
        self._paths.append(path)
        return text

    def json(self, path: str) -> Mapping[str, object]:
        """The object in a JSON file; empty when there is none."""
        try:
            found = json.loads(self.text(path) or "{}")
        except (ValueError, RecursionError):
            return {}
        return found if isinstance(found, dict) else {}

    def toml(self, path: str) -> Mapping[str, object] | None:
        """The table in a TOML file; None when the file is not there.

        Raises:
            ValueError: it is no TOML.
        """
        text = self.text(path)
        if text is None:
            return None
        try:
            return tomllib.loads(text)
        except RecursionError:
            raise ValueError("nested too deep") from None
