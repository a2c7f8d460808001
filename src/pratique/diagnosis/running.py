"""Runs a programme, bounded in time and in what is kept of its output."""

from __future__ import annotations

import contextlib
import os
import selectors
import signal
import subprocess
import time
from collections.abc import Sequence
from typing import Final

from pratique.diagnosis.machine import Ran

_LONGEST_OUTPUT: Final = 1024 * 1024
_LONGEST_ERRORS: Final = 64 * 1024
_PIECE: Final = 64 * 1024


def run_bounded(words: Sequence[str], given: str, seconds: float) -> Ran:
    """Run a programme until it has ended, and so has whoever else holds its output.

    Args:
        words: its name and arguments.
        given: what it can read; as much of it as a pipe holds.
        seconds: after which it is ended with all that it has started.

    Raises:
        OSError: it cannot be started.
    """
    end = time.monotonic() + seconds
    process = subprocess.Popen(  # noqa: S603 - what the client itself would run
        list(words),
        bufsize=0,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        start_new_session=True,
    )
    with process:
        _give(process, given.encode("utf-8", "replace"))
        said = _outputs(process, end)
        if said is not None:
            with contextlib.suppress(subprocess.TimeoutExpired):
                status = process.wait(max(0.0, end - time.monotonic()))
                output, errors = (each.decode("utf-8", "replace") for each in said)
                return Ran(status, output, errors)
        # Who has left the session may still hold the output; nobody waits for them.
        with contextlib.suppress(OSError):
            os.killpg(process.pid, signal.SIGKILL)
    return Ran(None, "", "")


def _give(process: subprocess.Popen[bytes], given: bytes) -> None:
    stream = process.stdin
    assert stream is not None  # noqa: S101 - it was asked for
    os.set_blocking(stream.fileno(), False)
    with contextlib.suppress(OSError):
        stream.write(given)
    stream.close()


def _outputs(process: subprocess.Popen[bytes], end: float) -> tuple[bytes, bytes] | None:
    """What it prints, and prints as errors; None when that does not end in time."""
    kept = bytearray(), bytearray()
    with selectors.DefaultSelector() as waiting:
        for stream, sink, most in (
            (process.stdout, kept[0], _LONGEST_OUTPUT),
            (process.stderr, kept[1], _LONGEST_ERRORS),
        ):
            assert stream is not None  # noqa: S101 - it was asked for
            waiting.register(stream, selectors.EVENT_READ, (sink, most))
        while waiting.get_map():
            left = end - time.monotonic()
            if left <= 0:
                return None
            for key, _ in waiting.select(left):
                piece = os.read(key.fd, _PIECE)
                if not piece:
                    waiting.unregister(key.fileobj)
                sink, most = key.data
                sink += piece[: max(0, most - len(sink))]
    return bytes(kept[0]), bytes(kept[1])
