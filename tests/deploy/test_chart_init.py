"""What makes the registry in a cluster: the very script of the chart, run here."""

from __future__ import annotations

import base64
import json
import subprocess
import sys
from contextlib import closing
from http import HTTPStatus
from http.client import HTTPConnection
from pathlib import Path

import pytest
from tests.clients.commands import Missing
from tests.deploy.charts import LEAST, render
from tests.support.in_process import typed
from tests.support.live_server import end, free_port, pratique_command, wait_until_it_answers

pytestmark = pytest.mark.live

PASSWORD = "correct horse battery staple"


class Pod:
    """The init container on this machine: its script, with the paths of a test."""

    def __init__(self, folder: Path) -> None:
        try:
            init = render({**LEAST, "owner": {"existingSecret": "owner"}}).init
        except Missing as missing:
            pytest.skip(f"NOT TESTED: helm: {missing}")
        (mount,) = [one for one in init["volumeMounts"] if one["name"] == "owner"]
        self.secret = folder / "secret"
        self.data = folder / "volume" / "data"
        self.data.parent.mkdir()
        self.secret.mkdir()
        *self._command, script = init["command"]
        self._script = script.replace(mount["mountPath"], str(self.secret))
        self._bin = folder / "bin"
        self._bin.mkdir()
        pratique = self._bin / "pratique"
        pratique.write_text(f'#!/bin/sh\nexec {sys.executable} -m pratique "$@"\n')
        pratique.chmod(0o755)

    def starts(self) -> subprocess.CompletedProcess[str]:
        """How one start of it ended."""
        return subprocess.run(
            [*self._command, self._script],
            check=False,
            capture_output=True,
            text=True,
            timeout=60,
            env={
                "PATH": f"{self._bin}:/usr/bin:/bin",
                "HOME": str(self._bin),
                "PRATIQUE_DATA": str(self.data),
                "OWNER_NAME": "boss",
            },
        )


@pytest.fixture
def pod(tmp_path: Path) -> Pod:
    """A pod that was never started."""
    return Pod(tmp_path)


def signs_in(pod: Pod, password: str) -> bool:
    """Whether the owner signs in with it at a server of the folder."""
    host = f"127.0.0.1:{free_port()}"
    command = [*pratique_command(), "serve", "--data", str(pod.data), "--listen", host]
    log = pod.data.parent / "log"
    with log.open("wb") as sink:
        server = subprocess.Popen(
            [*command, "--workers", "1"], stdout=sink, stderr=sink, start_new_session=True
        )
        try:
            wait_until_it_answers(server, f"http://{host}/v2/", log)
            secret = base64.b64encode(f"boss:{password}".encode()).decode()
            with closing(HTTPConnection(host, timeout=30)) as connection:
                connection.request("GET", "/v2/", headers={"authorization": f"Basic {secret}"})
                return connection.getresponse().status == HTTPStatus.OK
        finally:
            end(server)


def test_the_secrets_password_is_the_owners_and_is_shown_nowhere(pod: Pod) -> None:
    """It counts from the first start on, and nothing is written."""
    (pod.secret / "password").write_text(f"{PASSWORD}\n")
    done = pod.starts()
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    assert signs_in(pod, PASSWORD)
    assert not signs_in(pod, f"{PASSWORD}!")


def test_later_starts_change_nothing(pod: Pod) -> None:
    """A password that was changed since is not undone by the Secret."""
    (pod.secret / "password").write_text(PASSWORD)
    pod.starts()
    (pod.secret / "password").write_text("another long password")
    done = pod.starts()
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    assert signs_in(pod, PASSWORD)


def test_without_a_secret_a_registry_is_made_and_no_password_is_shown(pod: Pod) -> None:
    """The owner's password is made later, for whoever asks in the pod."""
    done = pod.starts()
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    made = typed("user", "password", "boss", "--data", str(pod.data), "--json")
    assert signs_in(pod, json.loads(made.out)["password"])


def test_a_password_that_is_refused_stops_the_pod(pod: Pod) -> None:
    """The reason stands in the log; the password does not."""
    (pod.secret / "password").write_text("hunter2")
    done = pod.starts()
    assert done.returncode != 0
    assert "12 to 1024 characters" in done.stderr
    assert "hunter2" not in done.stdout + done.stderr


def test_a_volume_that_cannot_be_used_stops_the_pod(pod: Pod) -> None:
    """Serving would say the same later; here it is said before anything else."""
    pod.data.write_text("a file where the folder should be")
    done = pod.starts()
    assert done.returncode == 1
    assert str(pod.data) in done.stderr
