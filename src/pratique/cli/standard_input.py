"""Secrets that are typed or piped, so that they stand in no command line."""

from __future__ import annotations

import sys


def read_password() -> str:
    """The first line of standard input, without its end."""
    return sys.stdin.readline().removesuffix("\n").removesuffix("\r")
