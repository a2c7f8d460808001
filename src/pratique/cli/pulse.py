"""What a worker measures of itself, every second, for its metrics.

It also makes an idle worker look for a newer law.
"""

from __future__ import annotations

import asyncio
import resource
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Final

from pratique.assembly import OpenRegistry
from pratique.observability import Meter, names

EVERY_SECONDS: Final = 1.0
_STATM: Final = Path("/proc/self/statm")


async def measure_for_ever(opened: OpenRegistry, meter: Meter, now: Callable[[], datetime]) -> None:
    """Measure at once and then every second, until cancelled."""
    meter.measure(names.STARTED, number=now().timestamp())
    while True:
        measure(opened, meter, now)
        await asyncio.sleep(EVERY_SECONDS)


def measure(opened: OpenRegistry, meter: Meter, now: Callable[[], datetime]) -> None:
    """Measure once. A part that fails is what is measured, so nothing is raised."""
    meter.flush()
    meter.measure(names.MEMORY, number=float(resident_bytes()))
    for part, works in opened.parts.items():
        meter.measure(names.FAILING, part, number=float(not _works(works)))
    try:
        version = opened.law_version()
    except Exception:  # noqa: BLE001 - the part `law` tells of it, and the log of its cause
        return
    meter.measure(names.LAW_VERSION, number=float(version))
    meter.measure(names.LAW_CONFIRMED, number=now().timestamp() - opened.law_age())


def resident_bytes() -> int:
    """Memory of this process that is in use."""
    try:
        pages = int(_STATM.read_text("ascii").split()[1])
    except OSError:
        # Where there is no /proc: the most that it ever was, in kilobytes.
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    return pages * resource.getpagesize()


def _works(works: Callable[[], bool]) -> bool:
    try:
        return works()
    except Exception:  # noqa: BLE001 - whatever it was, the part cannot be used
        return False
