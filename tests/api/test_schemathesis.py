"""Schemathesis against a live server: it does not fail, and answers only what is described.

The same seed each time, and so many examples that it ends within a minute; what longer runs found
stands as plain tests in `test_bad_requests.py`.
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest
from tests.support.live_server import LiveServer, live_server

from pratique.http.documents.endpoint import AZURE_PATH, MANAGEMENT_PATH

pytestmark = pytest.mark.live
# `ignored_auth` takes no 429 for wrong sign-ins that are too many; the matrices ask who is let in.
# What is described leaves out what only the law and the directory know, so that good data may be
# refused; and what a run deletes cannot be there for the rest of it.
LEFT_OUT = (
    "ignored_auth",
    "positive_data_acceptance",
    "ensure_resource_availability",
    "use_after_free",
)

# Names are learnt from answers, and with these a run takes its own caller's rights away: whatever
# came after would be 401. `test_answers_as_described.py` has them all.
NOT_AGAINST_ITSELF = (
    *("delete_service_principal", "delete_application", "delete_application-2"),
    *("disable_service_principal", "delete_client_secret", "remove_password", "remove_password-2"),
    *("remove_role_assignment", "unassign_role", "delete_role_assignment"),
    *("create_deny_assignment", "rotate_signing_key"),
)


@dataclass(frozen=True)
class Stage:
    """A server, and callers with all rights and with few."""

    server: LiveServer
    callers: dict[str, tuple[str, str]]

    def bearer(self, who: str) -> str:
        """A token of the directory for everything that this server is to Azure's clients."""
        client_id, secret = self.callers[who]
        tenant = self.server.pratique("registry", "show")["tenant_id"]
        answer = httpx.post(
            f"{self.server.url}/{tenant}/oauth2/v2.0/token",
            data={
                "grant_type": "client_credentials",
                "client_id": client_id,
                "client_secret": secret,
                "scope": f"{self.server.url}/.default",
            },
        )
        token: str = answer.raise_for_status().json()["access_token"]
        return token


@pytest.fixture(scope="module")
def stage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    """Without limits on requests, which would be all that is tested."""
    folder = tmp_path_factory.mktemp("schemathesis") / "data"
    with live_server(folder, options=("--limits", "none")) as server:
        yield Stage(
            server,
            {
                "owner": _principal(server, "all-rights", "Owner", "/"),
                "reader": _principal(server, "few-rights", "Reader", "registry"),
            },
        )


def _principal(server: LiveServer, name: str, role: str, scope: str) -> tuple[str, str]:
    made = server.pratique("sp", "create", name)
    server.pratique("role", "assign", role, "--to", made["object_id"], "--scope", scope)
    return made["client_id"], made["secret"]


@pytest.mark.parametrize(
    ("who", "phases", "examples"), [("owner", "coverage", 1), ("reader", "fuzzing", 1)]
)
def test_management_api(stage: Stage, tmp_path: Path, who: str, phases: str, examples: int) -> None:
    """Every operation, with what it takes and with what it does not take."""
    credentials = ("--auth", ":".join(stage.callers[who]))
    found = _run(stage, tmp_path, MANAGEMENT_PATH, phases, examples, credentials)
    assert found == ""


def test_azure(stage: Stage, tmp_path: Path) -> None:
    """Likewise what Azure's clients ask."""
    credentials = ("--header", f"Authorization: Bearer {stage.bearer('owner')}")
    assert _run(stage, tmp_path, AZURE_PATH, "fuzzing", 1, credentials) == ""


def _run(
    stage: Stage,
    folder: Path,
    path: str,
    phases: str,
    examples: int,
    credentials: tuple[str, str],
) -> str:
    """What was found; empty for nothing."""
    document = folder / "document.json"
    answer = httpx.get(f"{stage.server.url}{path}", auth=stage.callers["owner"])
    document.write_bytes(answer.raise_for_status().content)
    done = subprocess.run(
        [
            *(sys.executable, "-m", "schemathesis.cli", "run", str(document)),
            *("--url", stage.server.url, *credentials),
            *("--seed", "1", "--max-examples", str(examples), "--phases", phases),
            *("--exclude-checks", ",".join(LEFT_OUT), "--continue-on-failure", "--no-color"),
            *(word for one in NOT_AGAINST_ITSELF for word in ("--exclude-operation-id", one)),
            # Other credentials than the given ones are refused, in the end for being too many.
            *("--generation-with-security-parameters", "false"),
            *("--request-timeout", "20", "--warnings", "off"),
        ],
        check=False,
        capture_output=True,
        text=True,
        timeout=300,
        cwd=folder,
    )
    kept = httpx.get(f"{stage.server.url}/api/v1/registry", auth=stage.callers["owner"])
    assert kept.status_code == 200, "the run has locked itself out, and so found nothing"
    broken = "Traceback" in stage.server.log.read_text()
    return done.stdout + done.stderr if done.returncode or broken else ""
