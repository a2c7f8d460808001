"""Everything that can fail when a registry is opened, tried once where it can be told well."""

from __future__ import annotations

import asyncio
import multiprocessing
from contextlib import closing
from multiprocessing.connection import Connection

from pratique.assembly.opening import open_registry
from pratique.observability import LineLog
from pratique.registry import ContentError, StorageFailed
from pratique.settings import Places


def try_stores(places: Places) -> None:
    """Open a registry as a worker will, and close it.

    Raises:
        StorageFull, StorageFailed: it cannot be opened; says why.
    """
    if places.blobs is None:
        _try_here(places)
        return
    # The client of object stores keeps threads, and workers that are forked from a process with
    # such threads would wait for them in vain. So another process asks.
    context = multiprocessing.get_context("spawn")
    answers, telling = context.Pipe(duplex=False)
    trial = context.Process(target=_try, args=(places, telling))
    trial.start()
    telling.close()
    try:
        why = answers.recv()
    except EOFError:
        why = "a process that tried the stores ended without a word"
    trial.join()
    if why is not None:
        raise StorageFailed(why)


def _try_here(places: Places) -> None:
    with closing(open_registry(places, LineLog(None))) as opened:
        asyncio.run(opened.begin())


def _try(places: Places, telling: Connection) -> None:
    why = None
    try:
        _try_here(places)
    except ContentError as error:
        why = getattr(error, "detail", str(error))
    telling.send(why)
