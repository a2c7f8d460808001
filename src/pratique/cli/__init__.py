"""The command line: one module per group of verbs.

Promises: every verb has `--json`, an exit code (0 done, 1 refused or not found, 2 wrong usage) and
errors that say what to do. Refuses to know: how anything is decided or kept; verbs are requests to
the management API, over HTTP or, for the owner of a data folder, in this process.
"""

from pratique.cli.program import main

__all__ = ["main"]
