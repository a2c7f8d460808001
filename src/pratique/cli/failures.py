"""How a verb fails: one sentence on standard error, and exit code 1."""

from __future__ import annotations

import json
from typing import IO, Any

import click


class Failed(click.ClickException):
    """A verb was refused, what it names is not there, or the registry cannot be reached.

    Attributes:
        code: of the error table, for programs.
        as_json: whether the user asked for JSON.
    """

    exit_code = 1

    def __init__(self, message: str, *, code: str = "FAILED", as_json: bool = False) -> None:
        super().__init__(message)
        self.code = code
        self.as_json = as_json

    def show(self, file: IO[Any] | None = None) -> None:
        """Tell the user."""
        if self.as_json:
            text = json.dumps({"error": {"code": self.code, "message": self.message}})
        else:
            text = f"pratique: {self.message}"
        click.echo(text, file=file, err=file is None)
