"""Who keeps a blob from collection by asking whether it is there: those who may push, no others."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing

import httpx
import pytest
from tests.support.live_server import LiveServer, live_server

from pratique.cli.demo_client import DockerLike
from pratique.cli.demo_image import build_image

pytestmark = pytest.mark.live
REPOSITORY = "team/app"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveServer]:
    """A registry that holds an image."""
    with live_server(tmp_path_factory.mktemp("kept") / "data", workers=1) as started:
        with closing(DockerLike(started.url, started.owner)) as owner:
            owner.push(REPOSITORY, "v1", build_image())
        yield started


def renewed(server: LiveServer, method: str, role: str) -> bool:
    """Whether a request for a blob by one who holds this role makes its old link young."""
    made = server.pratique("sp", "create", f"{role}-{method}")
    server.pratique("role", "assign", role, "--to", made["client_id"])
    with closing(sqlite3.connect(server.data / "pratique.db", timeout=30)) as rows:
        with rows:
            rows.execute("UPDATE repository_blobs SET linked_at = 1")
        (digest,) = rows.execute("SELECT digest FROM repository_blobs LIMIT 1").fetchone()
        answer = httpx.request(
            method,
            f"{server.url}/v2/{REPOSITORY}/blobs/{digest}",
            auth=(made["client_id"], made["secret"]),
        )
        assert answer.status_code == 200
        now = rows.execute(
            "SELECT linked_at FROM repository_blobs WHERE digest = ?", (digest,)
        ).fetchone()
    return bool(now[0] > 1)


def test_who_may_push_keeps_it(server: LiveServer) -> None:
    """A pusher that is told that a blob is there has the whole period of grace to use it."""
    assert renewed(server, "HEAD", "AcrPush")


@pytest.mark.parametrize(("method", "role"), [("HEAD", "AcrPull"), ("GET", "AcrPush")])
def test_others_keep_nothing(server: LiveServer, method: str, role: str) -> None:
    """Whoever may only pull, and whoever fetches the blob anyway, causes no write."""
    assert not renewed(server, method, role)
