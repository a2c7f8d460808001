"""The composition root: the only room that names a concrete store, a clock or a source of ids.

It promises that the same application stands on whatever stores `Places` names, and that nothing
below learns which they are. It refuses to decide anything: what is chosen here is chosen by the
operator's settings alone.
"""

from pratique.assembly.composing import METRICS, compose
from pratique.assembly.guarding import Watched, has_limits, limiter_of, make_buckets, proxies_of
from pratique.assembly.moving import move_rows, refuse_moved, take_back
from pratique.assembly.moving_blobs import move_blobs, take_back_blobs
from pratique.assembly.on_disk import ATTEMPTS_FILE, DATABASE_FILE
from pratique.assembly.opening import (
    OpenRegistry,
    hosts_of,
    open_registry,
    opened_collection,
    upkeep_of,
)
from pratique.assembly.preparing import (
    OWNER_NAME,
    Prepared,
    first_records,
    is_prepared,
    prepare,
)
from pratique.assembly.sources import new_id, now
from pratique.assembly.trying import try_stores
from pratique.assembly.watching import edge_of, metrics_listener, standard_output_log

__all__ = [
    "ATTEMPTS_FILE",
    "DATABASE_FILE",
    "METRICS",
    "OWNER_NAME",
    "OpenRegistry",
    "Prepared",
    "Watched",
    "compose",
    "edge_of",
    "first_records",
    "has_limits",
    "hosts_of",
    "is_prepared",
    "limiter_of",
    "make_buckets",
    "metrics_listener",
    "move_blobs",
    "move_rows",
    "new_id",
    "now",
    "open_registry",
    "opened_collection",
    "prepare",
    "proxies_of",
    "refuse_moved",
    "standard_output_log",
    "take_back",
    "take_back_blobs",
    "try_stores",
    "upkeep_of",
]
