"""Which tests one process runs, and in which order, where several share the work.

What is expensive to make stands once for a session: daemons, browsers, servers. So the tests of a
folder that shares such things stay together, and elsewhere the tests of one module. Long ones come
first, so that no process is left alone with them; those that compare times come last, when least
runs beside them.
"""

from __future__ import annotations

from xdist.scheduler import LoadFileScheduling

# The longest first.
TOGETHER = (
    "tests/clients/",
    "tests/az/",
    "tests/web/",
    "tests/diagnosis/bed/",
    "tests/conformance/",
)
QUIET = (
    "tests/sts/test_users_attacks.py",
    "tests/diagnosis/core/test_this_machine.py",
    "tests/live/test_stopping.py",
    "tests/live/test_revocation.py",
)


class Sharing(LoadFileScheduling):  # type: ignore[misc] # xdist tells no types
    """Gives each process whole folders of `TOGETHER`, and whole modules of the others."""

    def _split_scope(self, nodeid: str) -> str:
        return next((one for one in TOGETHER if nodeid.startswith(one)), None) or str(
            super()._split_scope(nodeid)
        )


def rank(nodeid: str) -> int:
    """A test's place among the others: the lower, the earlier; equals stay in their order."""
    if nodeid.startswith(QUIET):
        return len(TOGETHER) + 1
    return next(
        (place for place, one in enumerate(TOGETHER) if nodeid.startswith(one)), len(TOGETHER)
    )
