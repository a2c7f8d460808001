"""A registry that is served while it is moved, and then from where it was moved to."""

from __future__ import annotations

import base64
import json
import subprocess
import threading
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import pytest
from tests.support.live_server import (
    LiveServer,
    end,
    free_port,
    live_server,
    pratique_command,
    wait_until_it_answers,
)
from tests.support.object_stores import moto
from tests.support.postgres import PostgresServer, fresh_database
from tests.upkeep.stage import IMAGES, Stage

from pratique.naming import Digest
from pratique.storage.metadata.blob_home import LINKS_WORDS
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


def typed(*words: str) -> Any:
    """Run a verb that succeeds, in a process of its own; what it gives to programs."""
    done = subprocess.run(
        [*pratique_command(), *words, "--json"], check=True, capture_output=True, timeout=SECONDS
    )
    return json.loads(done.stdout)


def does_not_start(server: LiveServer) -> str:
    """Why a server of the folder does not start."""
    words = ("serve", "--data", str(server.data), "--listen", server.host)
    ended = subprocess.run(
        [*pratique_command(), *words],
        check=False,
        capture_output=True,
        text=True,
        timeout=SECONDS,
    )
    assert ended.returncode == 1
    return ended.stderr


@contextmanager
def pulling(server: LiveServer, authorization: str) -> Iterator[set[int]]:
    """Pull again and again meanwhile; all statuses, of one pull at least."""
    statuses: set[int] = set()
    over = threading.Event()

    def pull_on() -> None:
        while not over.is_set():
            statuses.update(pulled(server, authorization))

    puller = threading.Thread(target=pull_on)
    puller.start()
    try:
        yield statuses
    finally:
        over.set()
        puller.join()


@pytest.fixture
def kept() -> Iterator[ExitStack]:
    """Ends what is entered in it."""
    with ExitStack() as stack:
        yield stack


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
        with pulling(server, known) as statuses:
            moved = typed("migrate-store", "--from-data", str(server.data), "--to-database", url)
        assert moved["rows"]["tags"] == len(IMAGES)
        assert statuses == {200}
        # The old server reads on, and takes no changes.
        assert token(server)
        basic = base64.b64encode(":".join(server.owner).encode()).decode()
        for told in (
            refused(f"{server.url}/v2/team/app/manifests/v1", token(server, "delete"), "DELETE"),
            refused(f"{server.url}/api/v1/users", f"Basic {basic}", "POST", b'{"username": "bo"}'),
        ):
            assert told == (503, "30", FROZEN_WORDS)
    assert "was moved with `pratique migrate-store`" in does_not_start(server)
    with served_again(server, tmp_path / "again.log", "--database", url):
        assert set(pulled(server, known)) == {200}
        assert set(pulled(server, token(server))) == {200}
        status, _ = answer(
            f"{server.url}/v2/team/app/manifests/v1", token(server, "delete"), "DELETE"
        )
        assert status == 202


def uploaded(server: LiveServer, authorization: str, content: bytes) -> tuple[int, str]:
    """Push one blob; the status, and where it is refused, the words and how long to wait."""
    base = f"{server.url}/v2/team/app/blobs/uploads/"
    headers = {"authorization": authorization, "content-type": "application/octet-stream"}
    begun = urllib.request.Request(base, headers=headers, method="POST", data=b"")
    with urllib.request.urlopen(begun, timeout=SECONDS) as got:
        there = urllib.parse.urljoin(server.url, got.headers["location"])
    between = "&" if "?" in there else "?"
    there = f"{there}{between}digest={Digest.of(content)}"
    put = urllib.request.Request(there, headers=headers, method="PUT", data=content)
    try:
        with urllib.request.urlopen(put, timeout=SECONDS) as got:
            return got.status, ""
    except urllib.error.HTTPError as failed:
        with failed:
            message = json.loads(failed.read())["errors"][0]["message"]
            return failed.code, f"{message} [{failed.headers['retry-after']}]"


def test_pulls_go_on_while_blobs_move(
    kept: ExitStack, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No pull fails; the old server then takes no new blobs, and does not start again."""
    store = kept.enter_context(moto(tmp_path))
    for key, value in store.environment.items():
        monkeypatch.setenv(key, value)
    address = store.bucket("blobs")
    with live_server(tmp_path / "data", workers=1, port=free_port()) as server:
        stage = Stage(server.data)
        for one in IMAGES:
            stage.push(one)
        known, pushing = token(server), token(server, "pull,push")
        assert uploaded(server, pushing, b"before")[0] == 201
        with pulling(server, known) as statuses:
            moved = typed("migrate-blobs", "--data", str(server.data), "--to-blobs", address)
        assert moved["copied"] > 0
        assert statuses == {200}
        assert set(pulled(server, known)) == {200}
        assert uploaded(server, pushing, b"before")[0] == 201
        assert uploaded(server, pushing, b"afterwards") == (503, f"{LINKS_WORDS} [30]")
    assert f"name it with --blobs '{address}'" in does_not_start(server)
    with served_again(server, tmp_path / "again.log", "--blobs", address):
        assert set(pulled(server, known)) == {200}
        assert uploaded(server, pushing, b"afterwards") == (201, "")
