"""A server that is killed and started again on the same folder, and never repaired."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import urllib.request
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Final

from tests.support.live_server import free_port, pratique_command, wait_until_it_answers

WORKERS: Final = 2
# A start is not measured here; it only has to come to an end, on a busy machine too.
START_SECONDS: Final = 300.0
PUSHER_ROLES: Final = ("AcrPush", "AcrDelete")


class Served:
    """A folder, and the server that serves it now and then.

    Attributes:
        data: the folder.
        login: of a client that may push, pull and delete.
        url: where it is served.

    Args:
        data: made here.
        environment: variables laid over the present ones for the server.
        workers: processes.
        told: called whenever a change of the law was acknowledged.
        before: words that the server's command follows, as of a programme that watches it.
    """

    def __init__(
        self,
        data: Path,
        environment: Mapping[str, str] | None = None,
        *,
        workers: int = WORKERS,
        told: Callable[[], None] = lambda: None,
        before: Sequence[str] = (),
    ) -> None:
        self.data = data
        data.parent.mkdir(parents=True, exist_ok=True)
        self.environment = dict(environment or {})
        self._workers = workers
        self._host = f"127.0.0.1:{free_port()}"
        self.url = f"http://{self._host}"
        # Not beside the folder, where it would be watched with it.
        self._log = data.parent.parent / "server.log"
        self._process: subprocess.Popen[bytes] | None = None
        self._told = told
        self._before = before
        self._verb("init", "--login-server", self._host)
        made = self._verb("sp", "create", "pusher")
        for role in PUSHER_ROLES:
            self._verb("role", "assign", role, "--to", made["client_id"])
        self.login = (made["client_id"], made["secret"])

    def start(self) -> None:
        """Start, and wait until it answers.

        Raises:
            AssertionError: it ended, or did not answer in time.
        """
        self.begin()
        self.wait()

    def begin(self) -> None:
        """Start, without waiting for an answer."""
        with self._log.open("ab") as sink:
            self._process = subprocess.Popen(
                [
                    *self._before,
                    *pratique_command(),
                    *("serve", "--data", str(self.data), "--listen", self._host),
                    *("--workers", str(self._workers), "--no-request-log"),
                ],
                stdout=sink,
                stderr=subprocess.STDOUT,
                env={**os.environ, **self.environment},
                start_new_session=True,
            )

    def wait(self) -> None:
        """Return when it answers; as `start`."""
        assert self._process is not None
        wait_until_it_answers(self._process, f"{self.url}/livez", self._log, START_SECONDS)

    @property
    def is_running(self) -> bool:
        """Whether its parent process is there."""
        return self._process is not None and self._process.poll() is None

    def answers(self) -> bool:
        """Whether it answers by now."""
        try:
            with urllib.request.urlopen(f"{self.url}/livez", timeout=2):
                return True
        except OSError:
            return False

    def workers(self) -> list[int]:
        """Its worker processes."""
        assert self._process is not None
        parent = self._process.pid
        children = Path(f"/proc/{parent}/task/{parent}/children").read_text().split()
        return [int(child) for child in children if _is_worker(int(child))]

    def kill(self) -> None:
        """End all its processes at once, and wait for that."""
        if self._process is not None:
            with suppress(ProcessLookupError):
                os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait(timeout=30)
            self._process = None

    def stop(self) -> None:
        """Ask it to end, and wait for that."""
        if self._process is not None:
            self._process.terminate()
            try:
                self._process.wait(timeout=30)
            finally:
                self.kill()

    def log(self) -> str:
        """What it wrote so far."""
        return self._log.read_text(errors="replace")

    def _verb(self, *words: str) -> dict[str, str]:
        command = [*pratique_command(), *words, "--data", str(self.data), "--json"]
        done = subprocess.run(
            command,
            check=True,
            capture_output=True,
            text=True,
            timeout=120,
            env={**os.environ, **self.environment},
        )
        self._told()
        answer: dict[str, str] = json.loads(done.stdout)
        return answer


def _is_worker(process: int) -> bool:
    """Whether this is a worker, and not what keeps an eye on shared memory beside them."""
    try:
        words = Path(f"/proc/{process}/cmdline").read_bytes()
    except OSError:
        return False
    return b"resource_tracker" not in words
