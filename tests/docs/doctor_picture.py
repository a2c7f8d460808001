"""Draws `docs/pictures/doctor.svg`: what the doctor says of a refusal, as it looks in a terminal.

`python -m tests.docs.doctor_picture > docs/pictures/doctor.svg` serves a registry, has a pull
refused and runs the real programme in a terminal of its own. Only the host's name is put in
afterwards.
"""

from __future__ import annotations

import base64
import io
import json
import os
import pty
import subprocess
import sys
import tempfile
from contextlib import closing
from pathlib import Path

from rich.console import Console
from rich.text import Text
from tests.support.live_server import LiveServer, live_server, pratique_command

from pratique.cli.demo_client import DockerLike
from pratique.cli.demo_image import build_image

SHOWN_HOST = "registry.example.com"
COLUMNS = 100


def main() -> None:
    """Write the picture to standard output."""
    with tempfile.TemporaryDirectory() as folder, live_server(Path(folder) / "data") as server:
        with closing(DockerLike(server.url, server.owner)) as owner:
            owner.push("team/app", "v1", build_image())
        made = server.pratique("sp", "create", "ci-bot")
        home = Path(folder) / "home"
        _keep_login(home, server, f"{made['client_id']}:{made['secret']}")
        printed = _in_a_terminal(home, server)
    sys.stdout.write(_drawn(printed.replace(server.host, SHOWN_HOST)))


def _keep_login(home: Path, server: LiveServer, pair: str) -> None:
    (home / ".docker").mkdir(parents=True)
    auth = base64.b64encode(pair.encode()).decode()
    entries = {server.host: {"auth": auth}}
    (home / ".docker" / "config.json").write_text(json.dumps({"auths": entries}))
    # The operator's own login, so that the smallest grant is shown.
    subprocess.run(
        [*pratique_command(), "login", server.host, "-u", server.owner[0], "--password-stdin"],
        check=True,
        capture_output=True,
        input=server.owner[1].encode(),
        env=_environment(home),
    )


def _environment(home: Path) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if name != "XDG_CONFIG_HOME"}
    return {**kept, "HOME": str(home), "COLUMNS": str(COLUMNS)}


def _in_a_terminal(home: Path, server: LiveServer) -> str:
    words = [*pratique_command(), "doctor", f"{server.host}/team/app:v1"]
    gathered = io.BytesIO()
    child, terminal = pty.fork()
    if child == 0:
        os.execvpe(words[0], words, _environment(home))  # noqa: S606 - the programme itself
    while True:
        try:
            part = os.read(terminal, 65536)
        except OSError:
            break
        if not part:
            break
        gathered.write(part)
    _, status = os.waitpid(child, 0)
    os.close(terminal)
    # A refusal with a proven cause; what a programme that broke prints is not to be drawn.
    if os.waitstatus_to_exitcode(status) != 1 or b"Traceback" in gathered.getvalue():
        raise AssertionError(f"the doctor did not end as it should: {gathered.getvalue().decode()}")
    return gathered.getvalue().decode().replace("\r\n", "\n")


def _drawn(printed: str) -> str:
    console = Console(record=True, width=COLUMNS, file=io.StringIO(), force_terminal=True)
    console.print(Text(f"$ pratique doctor {SHOWN_HOST}/team/app:v1", style="bold"))
    console.print(Text.from_ansi(printed))
    return console.export_svg(title="pratique doctor")


if __name__ == "__main__":
    main()
