"""How a verb fails: one sentence on standard error, and exit code 1."""

from __future__ import annotations

import json
import sys


class Failed(Exception):
    """A verb was refused, or what it names is not there.

    Attributes:
        code: of the error table, for programs.
        as_json: whether the user asked for JSON.
    """

    def __init__(self, message: str, *, code: str = "FAILED", as_json: bool = False) -> None:
        super().__init__(message)
        self.code = code
        self.as_json = as_json


def report(failed: Failed) -> int:
    """Tell the user; the exit code."""
    if failed.as_json:
        error = {"error": {"code": failed.code, "message": str(failed)}}
        print(json.dumps(error), file=sys.stderr)
    else:
        print(f"pratique: {failed}", file=sys.stderr)
    return 1
