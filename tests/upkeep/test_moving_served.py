"""A registry that is served while it is moved, and then from where it was moved to."""

from __future__ import annotations

import base64
import json
import subprocess
import threading
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from tests.support.live_server import (
    LiveServer,
    end,
    free_port,
    live_server,
    pratique_command,
    wait_until_it_answers,
)
from tests.support.postgres import PostgresServer, fresh_database
from tests.upkeep.stage import IMAGES, Stage

from pratique.storage.metadata.tables import FROZEN_WORDS

SECONDS = 60


def answer(url: str, authorization: str, method: str = "GET") -> tuple[int, bytes]:
    """The status and the body of one request."""
    asked = urllib.request.Request(url, headers={"authorization": authorization}, method=method)
    try:
        with urllib.request.urlopen(asked, timeout=SECONDS) as got:
            return got.status, got.read()
    except urllib.error.HTTPError as refused:
        with refused:
            return refused.code, refused.read()


def refused(
    url: str, authorization: str, method: str, content: bytes = b""
) -> tuple[int, str | None, str]:
    """The status, how long to wait, and the words of a request that is refused."""
    headers = {"authorization": authorization, "content-type": "application/json"}
    asked = urllib.request.Request(url, headers=headers, method=method, data=content)
    with pytest.raises(urllib.error.HTTPError) as raised:
        urllib.request.urlopen(asked, timeout=SECONDS).close()
    with raised.value as got:
        message = json.loads(got.read())["errors"][0]["message"]
        return got.code, got.headers["retry-after"], message


def token(server: LiveServer, action: str = "pull") -> str:
    """A registry token of the owner's, by password."""
    basic = base64.b64encode(":".join(server.owner).encode()).decode()
    query = f"service={server.host}&scope=repository:team/app:{action}"
    status, body = answer(f"{server.url}/oauth2/token?{query}", f"Basic {basic}")
    assert status == 200, body
    return f"Bearer {json.loads(body)['access_token']}"


def pulled(server: LiveServer, authorization: str) -> list[int]:
    """Pull the manifest of the first image and its blobs; the statuses."""
    base = f"{server.url}/v2/team/app"
    status, manifest = answer(f"{base}/manifests/v1", authorization)
    statuses = [status]
    if status == 200:
        statuses += [
            answer(f"{base}/blobs/{layer['digest']}", authorization)[0]
            for layer in json.loads(manifest)["layers"]
        ]
    return statuses


@contextmanager
def served_again(server: LiveServer, log: Path, *options: str) -> Iterator[None]:
    """Serve the same folder at the same address, as it is now."""
    words = ("serve", "--data", str(server.data), "--listen", server.host, "--workers", "1")
    with log.open("wb") as sink:
        process = subprocess.Popen(
            [*pratique_command(), *words, *options],
            stdout=sink,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    try:
        wait_until_it_answers(process, f"{server.url}/v2/", log)
        yield
    finally:
        end(process)


def test_pulls_go_on_and_tokens_stay_good(postgres: PostgresServer, tmp_path: Path) -> None:
    """No pull fails during the move; the new server knows passwords, tokens, images and bytes."""
    url = fresh_database(postgres)
    with live_server(tmp_path / "data", workers=1, port=free_port()) as server:
        stage = Stage(server.data)
        for one in IMAGES:
            stage.push(one)
        known = token(server)
        failed: list[list[int]] = []
        pulls, over = 0, threading.Event()

        def pull_on() -> None:
            nonlocal pulls
            while not over.is_set():
                statuses = pulled(server, known)
                pulls += 1
                if set(statuses) != {200}:
                    failed.append(statuses)

        puller = threading.Thread(target=pull_on)
        puller.start()
        try:
            moved = subprocess.run(
                [
                    *(*pratique_command(), "migrate-store", "--json"),
                    *("--from-data", str(server.data), "--to-database", url),
                ],
                check=True,
                capture_output=True,
                timeout=SECONDS,
            )
        finally:
            over.set()
            puller.join()
        assert json.loads(moved.stdout)["rows"]["tags"] == len(IMAGES)
        assert pulls > 0
        assert failed == []
        # The old server reads on, and takes no changes.
        assert token(server)
        basic = base64.b64encode(":".join(server.owner).encode()).decode()
        for told in (
            refused(f"{server.url}/v2/team/app/manifests/v1", token(server, "delete"), "DELETE"),
            refused(f"{server.url}/api/v1/users", f"Basic {basic}", "POST", b'{"username": "bo"}'),
        ):
            assert told == (503, "30", FROZEN_WORDS)
    out_of_date = subprocess.run(
        [*pratique_command(), "serve", "--data", str(server.data), "--listen", server.host],
        check=False,
        capture_output=True,
        text=True,
        timeout=SECONDS,
    )
    assert out_of_date.returncode == 1
    assert "was moved with `pratique migrate-store`" in out_of_date.stderr
    with served_again(server, tmp_path / "again.log", "--database", url):
        assert set(pulled(server, known)) == {200}
        assert set(pulled(server, token(server))) == {200}
        status, _ = answer(
            f"{server.url}/v2/team/app/manifests/v1", token(server, "delete"), "DELETE"
        )
        assert status == 202
