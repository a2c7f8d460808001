"""The documents are whole, are what the standard says, and are there for whoever is proved."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from openapi_spec_validator import validate
from tests.api.described import document_of
from tests.wire.governing import running
from tests.wire.kinds import (
    Presenting,
    admin_user,
    bearer_of_a_disabled_token,
    nobody,
    owner,
    owner_by_bearer,
    service_principal_without_a_role,
    with_token_of,
    wrong_password,
)

from pratique.http.arm.errors import FAILURE_STATUSES
from pratique.http.arm.table import ROUTES as ARM
from pratique.http.documents.azure import WORDS
from pratique.http.documents.described import PART
from pratique.http.documents.endpoint import AZURE_PATH, MAKERS, MANAGEMENT_PATH
from pratique.http.documents.management import CHANGES, EVERY_ROW, WITH_BODY
from pratique.http.management import ROUTES
from pratique.http.management.handler import FAILURES
from pratique.http.wire.contracts import contract_of
from pratique.http.wire.messages import Response
from pratique.testing.loops import in_loop

REFERENCE = Path(__file__).parents[2] / "docs" / "reference"
COPIES = {
    MANAGEMENT_PATH: REFERENCE / "openapi.json",
    AZURE_PATH: REFERENCE / "openapi-azure.json",
}
CALLERS: dict[str, tuple[Presenting, int]] = {
    "nobody": (nobody, 401),
    "wrong password": (wrong_password, 401),
    "disabled token": (bearer_of_a_disabled_token, 401),
    "no role": (service_principal_without_a_role, 200),
    "owner": (owner, 200),
    "access token": (owner_by_bearer, 200),
    "admin user": (admin_user, 200),
    "repository token": (with_token_of("_repositories_admin"), 200),
}


@pytest.mark.parametrize("path", MAKERS)
def test_document_is_valid(path: str) -> None:
    """It is OpenAPI 3.1, with a name of its own for each operation and each type."""
    document = document_of(path)
    validate(document)
    names = [o["operationId"] for at in document["paths"].values() for o in at.values()]
    assert len(names) == len(set(names))
    assert [name for name in document["components"]["schemas"] if "." in name] == []


@pytest.mark.parametrize("path", MAKERS)
def test_copy_is_of_now(path: str) -> None:
    """Run `python -m tests.api.write_copies` when this fails."""
    assert json.loads(COPIES[path].read_text(encoding="utf-8")) == document_of(path)


def test_every_row_of_the_management_api_is_described() -> None:
    """With its permission, its types and its failures."""
    paths = document_of(MANAGEMENT_PATH)["paths"]
    for route in ROUTES:
        operation = paths[PART.sub(r"{\1}", route.template)][route.method.lower()]
        assert operation["operationId"] == route.name
        assert operation["x-permission"] == route.permission
        (success,) = (status for status in operation["responses"] if status < "300")
        assert operation["responses"][success]["content"]["application/json"]["schema"]


def test_a_row_that_does_not_say_what_it_answers_is_found() -> None:
    """It cannot be described, so the document cannot be made."""

    async def silent(visit: object) -> Response:
        raise AssertionError(visit)

    with pytest.raises(TypeError, match="does not say what it answers"):
        contract_of(silent)


def test_every_failure_of_the_management_api_is_described() -> None:
    """A failure that no row tells of fails this test."""
    assert set(FAILURES.values()) <= {*EVERY_ROW, *WITH_BODY, *CHANGES}


def test_every_row_of_azure_is_described() -> None:
    """With its permission, and with words for every failure that a row can tell of."""
    paths = document_of(AZURE_PATH)["paths"]
    for route in ARM:
        template = PART.sub(r"{\1}", route.template.replace("<scope>", "/<scope>"))
        operation = paths[template][route.method.lower()]
        assert operation.get("x-permission", "") == route.permission
    assert set(WORDS) >= FAILURE_STATUSES


@pytest.mark.parametrize("path", MAKERS)
@pytest.mark.parametrize("name", CALLERS)
@in_loop
async def test_documents_are_for_whoever_is_proved(name: str, path: str) -> None:
    """Nobody else is answered; HEAD is GET, and there is nothing to write."""
    present, status = CALLERS[name]
    async with running() as registry:
        headers = await present(registry)
        for number, method in enumerate(("GET", "HEAD", "POST")):
            registry.client = f"192.0.2.{number}"
            answer = await registry.ask(method, path, headers=headers)
            refused = (405, "GET, HEAD") if status == 200 else (status, None)
            allow = next((v for k, v in answer.headers if k == "allow"), None)
            assert (answer.status, allow) == (refused if method == "POST" else (status, None))
            if answer.status == 200 and method == "GET":
                assert json.loads(answer.body) == document_of(path)
