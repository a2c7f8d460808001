"""`python -m benchmarks.doctor`: how long `pratique doctor` takes, beside starting Python at all.

A registry is served as an operator would, with an image that a service principal may pull. The
doctor is started as a user starts it, several times in turn with an interpreter that does nothing.

Exit codes: 0 done, 1 a bar was missed with `--check` or the run broke off.
"""

from __future__ import annotations

import argparse
import base64
import json
import os
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from contextlib import closing
from pathlib import Path

from tests.support.live_server import live_server, pratique_command

from pratique.cli.demo_client import DockerLike
from pratique.cli.demo_image import build_image

START_BAR_SECONDS = 0.4
WHOLE_BAR_SECONDS = 3.0
IMAGE = "team/app"


def main() -> int:
    """Measure, print, judge."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.doctor")
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--check", action="store_true", help="exit with 1 when a bar is missed")
    words = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="pratique-bench-") as folder:
        held = _run(Path(folder), words.rounds)
    return 1 if words.check and not held else 0


def _run(folder: Path, rounds: int) -> bool:
    with live_server(folder / "data", workers=1) as server:
        with closing(DockerLike(server.url, server.owner)) as owner:
            owner.push(IMAGE, "v1", build_image())
        made = server.pratique("sp", "create", "puller")
        server.pratique("role", "assign", "AcrPull", "--to", made["client_id"])
        environment = _home(folder, server.host, made["client_id"], made["secret"])
        image = f"{server.host}/{IMAGE}:v1"
        commands = {
            "an interpreter that does nothing": [sys.executable, "-c", "pass"],
            "pratique --version": [*pratique_command(), "--version"],
            "files alone (--offline)": [*pratique_command(), "doctor", "--offline", image],
            "all is well": [*pratique_command(), "doctor", image],
            "a tag that is not there": [*pratique_command(), "doctor", f"{image}x"],
        }
        seconds: dict[str, list[float]] = {name: [] for name in commands}
        first = []
        for _ in range(rounds):
            for name, command in commands.items():
                seconds[name].append(_timed(command, environment))
            first.append(_until_the_first_connection(environment))
    bare = seconds["an interpreter that does nothing"]
    for name, taken in seconds.items():
        ratios = [each / base for each, base in zip(taken, bare, strict=True)]
        print(f"{name:<34} {_middle(taken)}   {statistics.median(ratios):5.1f} x an interpreter")
    print(f"{'until the first connection':<34} {_middle(first)}")
    start, whole = statistics.median(first), statistics.median(seconds["all is well"])
    print(f"start: below {START_BAR_SECONDS} s: {_verdict(start < START_BAR_SECONDS)}")
    print(f"whole: below {WHOLE_BAR_SECONDS} s: {_verdict(whole < WHOLE_BAR_SECONDS)}")
    return start < START_BAR_SECONDS and whole < WHOLE_BAR_SECONDS


def _home(folder: Path, host: str, user: str, secret: str) -> Mapping[str, str]:
    home = folder / "home"
    (home / ".docker").mkdir(parents=True)
    auth = base64.b64encode(f"{user}:{secret}".encode()).decode()
    (home / ".docker" / "config.json").write_text(json.dumps({"auths": {host: {"auth": auth}}}))
    return {**os.environ, "HOME": str(home)}


def _timed(command: Sequence[str], environment: Mapping[str, str]) -> float:
    begun = time.monotonic()
    subprocess.run(command, check=False, env=environment, capture_output=True, timeout=60)
    return time.monotonic() - begun


def _until_the_first_connection(environment: Mapping[str, str]) -> float:
    """Seconds from the start of the doctor until it knocks at a server's door."""
    with socket.create_server(("127.0.0.1", 0)) as door:
        door.settimeout(60)
        image = f"127.0.0.1:{door.getsockname()[1]}/{IMAGE}:v1"
        begun = time.monotonic()
        with subprocess.Popen(
            [*pratique_command(), "doctor", image],
            env=environment,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        ) as doctor:
            knocked, _ = door.accept()
            taken = time.monotonic() - begun
            knocked.close()
            doctor.kill()
    return taken


def _middle(seconds: Sequence[float]) -> str:
    return f"{statistics.median(seconds):6.3f} s [{min(seconds):.3f} {max(seconds):.3f}]"


def _verdict(held: bool) -> str:  # noqa: FBT001 - a word for it
    return "held" if held else "MISSED"


if __name__ == "__main__":
    sys.exit(main())
