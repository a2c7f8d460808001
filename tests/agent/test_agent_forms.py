"""The forms: who gets a token, whose, and in which words others are refused."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import httpx
import pytest
from tests.agent.stage import (
    ACR,
    APP_SERVICE,
    HEADER_SECRET,
    IMDS,
    START,
    STRANGER,
    WORKLOAD,
    Stage,
    file_of,
    files_in,
    identity,
    proof_in,
)

from pratique.agent.messages import Response
from pratique.agent.peers import UNKNOWN, Peer
from pratique.testing.loops import in_loop

_NOT_FOUND = {"error": "invalid_request", "error_description": "Identity not found"}


@in_loop
async def test_metadata_form_gives_a_token(tmp_path: Path) -> None:
    """The answer has Azure's members, all of them strings."""
    stage = Stage.of(tmp_path, identity())
    answer = await stage.metadata()
    assert answer.status == 200
    assert answer.content == {
        "access_token": "token-1",
        "refresh_token": "",
        "client_id": identity().client_id,
        "object_id": identity().object_id,
        "msi_res_id": identity().resource_id,
        "expires_in": "3600",
        "ext_expires_in": "3600",
        "expires_on": str(START + 3600),
        "not_before": str(START),
        "resource": ACR,
        "token_type": "Bearer",
    }
    assert stage.server.forms == [
        {
            "grant_type": "client_credentials",
            "client_id": identity().client_id,
            "client_secret": "prq_secret-1",
            "scope": f"{ACR}/.default",
        }
    ]


@in_loop
async def test_new_app_service_form_gives_a_token(tmp_path: Path) -> None:
    """The answer has the members that App Service's has."""
    stage = Stage.of(tmp_path, identity(header_secret=HEADER_SECRET))
    answer = await stage.app_service()
    assert (answer.status, answer.content) == (
        200,
        {
            "access_token": "token-1",
            "expires_on": str(START + 3600),
            "not_before": str(START),
            "resource": ACR,
            "token_type": "Bearer",
            "client_id": identity().client_id,
        },
    )


@in_loop
async def test_old_app_service_form_gives_a_token(tmp_path: Path) -> None:
    """The old version has another header and another name for the client id."""
    stage = Stage.of(tmp_path, *(identity(n, header_secret=HEADER_SECRET) for n in (1, 2)))
    old = {"api-version": "2017-09-01", "clientid": identity(2).client_id.upper()}
    answer = await stage.app_service(old, header="secret")
    assert answer.content["client_id"] == identity(2).client_id
    wrong = await stage.app_service(old)
    assert (wrong.status, wrong.content["message"]) == (400, "the header `secret` is missing")


@in_loop
async def test_arc_form_gives_a_token_for_what_is_in_a_file(tmp_path: Path) -> None:
    """The challenge names a file; its content is good for one answer."""
    stage = Stage.of(tmp_path, identity(challenge_group=0, users=frozenset()))
    challenge = await stage.arc()
    path = file_of(challenge)
    assert (path.parent, path.suffix) == (tmp_path, ".key")
    proof = proof_in(path)
    answer = await stage.arc(f"Basic {proof}")
    assert (answer.status, answer.content["expires_in"]) == (200, "3600")
    again = await stage.arc(f"Basic {proof}")
    assert (again.status, again.content["error"], again.headers) == (401, "unauthorized_client", ())


@in_loop
async def test_a_challenge_is_for_the_identity_that_was_asked_for(tmp_path: Path) -> None:
    """What one identity's group can read opens no other identity."""
    stage = Stage.of(tmp_path, *(identity(n, challenge_group=0) for n in (1, 2)))
    challenge = await stage.arc(query={"client_id": identity(1).client_id})
    proof = proof_in(file_of(challenge))
    refused = await stage.arc(f"Basic {proof}", {"client_id": identity(2).client_id})
    assert refused.status == 401
    assert stage.server.forms == []


@pytest.mark.parametrize(
    "authorization", ["", "Basic", "Basic ", "Bearer x", "Basic Äé", "x" * 999]
)
@in_loop
async def test_a_guess_at_a_challenge_gets_nothing(tmp_path: Path, authorization: str) -> None:
    """No other text opens it, and no new file is made for a wrong one."""
    stage = Stage.of(tmp_path, identity(challenge_group=0))
    await stage.arc()
    refused = await stage.arc(authorization)
    assert (refused.status, stage.server.forms) == (401, [])
    assert len(files_in(tmp_path)) == 1


@in_loop
async def test_arc_form_names_what_was_asked_for(tmp_path: Path) -> None:
    """Clients of user-assigned identities want their id repeated."""
    stage = Stage.of(tmp_path, *(identity(n, challenge_group=0) for n in (1, 2)))
    for parameter, attribute in (
        ("client_id", "client_id"),
        ("object_id", "object_id"),
        ("msi_res_id", "resource_id"),
    ):
        asked = {parameter: getattr(identity(2), attribute)}
        challenge = await stage.arc(query=asked)
        answer = await stage.arc(f"Basic {proof_in(file_of(challenge))}", asked)
        assert answer.content[parameter] == asked[parameter]


@in_loop
async def test_arc_versions_are_the_metadata_form_where_nobody_offers_arc(tmp_path: Path) -> None:
    """Without challenge groups, the date alone changes nothing."""
    stage = Stage.of(tmp_path, identity())
    answer = await stage.metadata({"api-version": "2020-06-01"})
    assert answer.status == 200


@pytest.mark.parametrize("peer", [STRANGER, UNKNOWN, Peer(None, frozenset({1000}))])
@in_loop
async def test_nobody_else_gets_a_token_by_the_metadata_form(tmp_path: Path, peer: Peer) -> None:
    """Another user, and a user who is not known, get Azure's form of a refusal."""
    stage = Stage.of(tmp_path, identity(header_secret=HEADER_SECRET), identity(2))
    refused = await stage.metadata(peer=peer)
    assert (refused.status, refused.content["error"]) == (403, "access_denied")
    # Clients take this word for the sign that there is no such service.
    assert "unreachable" not in refused.content["error_description"]
    assert stage.server.forms == []


@pytest.mark.parametrize("secret", ["", "a guess", HEADER_SECRET[:-1], HEADER_SECRET + " ", "ä"])
@in_loop
async def test_nobody_else_gets_a_token_by_the_app_service_form(
    tmp_path: Path, secret: str
) -> None:
    """Another secret gets App Service's form of a refusal, and does not come back in it."""
    stage = Stage.of(tmp_path, identity(header_secret=HEADER_SECRET))
    refused = await stage.app_service(secret=secret)
    assert (refused.status, set(refused.content)) == (401, {"statusCode", "message"})
    assert stage.server.forms == []


@in_loop
async def test_users_do_not_get_what_only_a_header_opens(tmp_path: Path) -> None:
    """Each proof opens those identities alone that name it."""
    by_header = identity(1, users=frozenset(), header_secret=HEADER_SECRET)
    stage = Stage.of(tmp_path, by_header, identity(2))
    assert (await stage.metadata()).content["client_id"] == identity(2).client_id
    assert (await stage.app_service()).content["client_id"] == by_header.client_id
    assert (await stage.metadata({"client_id": by_header.client_id})).content == _NOT_FOUND
    other = await stage.app_service({"client_id": identity(2).client_id})
    assert (other.status, other.content["message"]) == (400, "Identity not found")


@in_loop
async def test_a_group_opens_what_it_is_named_in(tmp_path: Path) -> None:
    """Any of the groups of whoever asks is enough."""
    stage = Stage.of(tmp_path, identity(users=frozenset(), groups=frozenset({33})))
    assert (await stage.metadata(peer=WORKLOAD)).status == 200
    assert (await stage.metadata(peer=STRANGER)).status == 403


@in_loop
async def test_a_request_without_a_name_means_the_hosts_own_identity(tmp_path: Path) -> None:
    """System-assigned first; without one, the only one; else it has to be said."""
    own = identity(3, system_assigned=True)
    stage = Stage.of(tmp_path, identity(1), identity(2), own)
    assert (await stage.metadata()).content["client_id"] == own.client_id
    stage.agent.take((identity(1), identity(2, users=frozenset({7}))))
    assert (await stage.metadata()).content["client_id"] == identity(1).client_id
    stage.agent.take((identity(1), identity(2)))
    refused = await stage.metadata()
    assert (refused.status, refused.content["error"]) == (400, "invalid_request")


@pytest.mark.parametrize(
    ("parameter", "attribute"),
    [
        ("client_id", "client_id"),
        ("object_id", "object_id"),
        ("msi_res_id", "resource_id"),
        ("mi_res_id", "resource_id"),
    ],
)
@in_loop
async def test_a_request_names_an_identity(tmp_path: Path, parameter: str, attribute: str) -> None:
    """By each of its ids, without regard to case."""
    stage = Stage.of(tmp_path, identity(1, system_assigned=True), identity(2))
    answer = await stage.metadata({parameter: getattr(identity(2), attribute).upper()})
    assert answer.content["client_id"] == identity(2).client_id
    assert (await stage.metadata({parameter: "x"})).content == _NOT_FOUND


@in_loop
async def test_two_names_in_one_request_are_refused(tmp_path: Path) -> None:
    """Even where both mean the same."""
    stage = Stage.of(tmp_path, identity())
    both = {"client_id": identity().client_id, "object_id": identity().object_id}
    assert (await stage.metadata(both)).status == 400


@in_loop
async def test_the_probe_for_the_service_is_answered_as_clients_expect(tmp_path: Path) -> None:
    """Without the `Metadata` header: 400 in JSON, whoever asks."""
    stage = Stage.of(tmp_path, identity())
    query = {"api-version": "2018-02-01", "resource": ACR}
    for headers in ({}, {"metadata": "false"}):
        answer = await stage.ask(IMDS, query, headers, peer=WORKLOAD)
        assert (answer.status, answer.content["error"]) == (400, "bad_request_102")


@pytest.mark.parametrize(
    ("headers", "method", "status"),
    [
        ({"x-forwarded-for": "192.0.2.1"}, "GET", 400),
        ({"forwarded": "for=192.0.2.1"}, "GET", 400),
        ({"via": "1.1 proxy"}, "GET", 400),
        ({"origin": "https://evil.example"}, "GET", 400),
        ({"host": "evil.example"}, "GET", 400),
        ({"host": "127.0.0.1"}, "GET", 400),
        ({}, "POST", 405),
        ({}, "HEAD", 405),
    ],
)
@pytest.mark.parametrize("path", [IMDS, APP_SERVICE, "/elsewhere"])
@in_loop
async def test_a_request_on_behalf_of_another_is_refused(
    tmp_path: Path, path: str, headers: Mapping[str, str], method: str, status: int
) -> None:
    """What a proxy, a browser or a tricked workload sends gets no token, whatever it proves."""
    stage = Stage.of(tmp_path, identity(header_secret=HEADER_SECRET))
    proofs = {"metadata": "true", "x-identity-header": HEADER_SECRET}
    version = "2019-08-01" if path == APP_SERVICE else "2018-02-01"
    query = {"api-version": version, "resource": ACR}
    answer = await stage.ask(path, query, {**proofs, **headers}, peer=WORKLOAD, method=method)
    assert (answer.status, stage.server.forms) == (status, [])
    assert answer.content.keys() in (
        {"error", "error_description"},
        {"statusCode", "message"},
    )


@pytest.mark.parametrize("resource", ["", "a b", "ä", "x" * 600])
@in_loop
async def test_what_is_no_resource_is_refused(tmp_path: Path, resource: str) -> None:
    """Both forms say so before the registry is asked."""
    stage = Stage.of(tmp_path, identity(header_secret=HEADER_SECRET))
    by_metadata = await stage.metadata({"resource": resource})
    by_header = await stage.app_service({"resource": resource})
    assert (by_metadata.status, by_metadata.content["error"]) == (400, "invalid_resource")
    assert (by_header.status, stage.server.forms) == (400, [])


@in_loop
async def test_unknown_addresses_and_versions_are_refused(tmp_path: Path) -> None:
    """Each with a status that clients do not take for a token's."""
    stage = Stage.of(tmp_path, identity(header_secret=HEADER_SECRET))
    query = {"api-version": "2018-02-01", "resource": ACR}
    unknown = await stage.ask("/metadata/x", query, {"metadata": "true"}, peer=WORKLOAD)
    assert (unknown.status, unknown.content["error"]) == (401, "unknown_source")
    assert (await stage.ask("/", query, {})).status == 404
    assert (await stage.metadata({"api-version": "latest"})).status == 400
    assert (await stage.app_service({"api-version": "2018-02-01"})).status == 400


def _said(status: int, **content: str) -> httpx.Response:
    return httpx.Response(status, json=content, headers={"retry-after": "7"})


@pytest.mark.parametrize(
    ("reply", "status", "code"),
    [
        (_said(401, error="invalid_client", error_description="AADSTS7000215"), 400, None),
        (_said(400, error="unauthorized_client", error_description="x"), 400, None),
        (_said(400, error="invalid_scope", error_description="x"), 400, "invalid_resource"),
        (_said(400, error="invalid_resource", error_description="x"), 400, "invalid_resource"),
        (_said(400, error="invalid_request", error_description="x"), 400, None),
        (_said(429, error="too_many", error_description="x"), 429, "too_many_requests"),
        (_said(503, error="x"), 500, "unknown"),
        (httpx.Response(404, text="<html>"), 500, "unknown"),
        (httpx.Response(302, headers={"location": "https://evil.example"}), 500, "unknown"),
        (httpx.Response(200, text="{"), 500, "unknown"),
        (httpx.Response(200, json={"access_token": "", "expires_in": 1}), 500, "unknown"),
        (httpx.Response(200, json={"access_token": "x", "expires_in": 0}), 500, "unknown"),
        (httpx.Response(200, content=b"x" * 300_000), 500, "unknown"),
    ],
)
@in_loop
async def test_what_the_registry_says_is_passed_on_in_the_form(
    tmp_path: Path, reply: httpx.Response, status: int, code: str | None
) -> None:
    """Clients try again only where it may help; the reason stands in words."""
    stage = Stage.of(tmp_path, identity(header_secret=HEADER_SECRET))
    stage.server.answer = lambda _: httpx.Response(
        reply.status_code, headers=reply.headers, content=reply.content
    )
    by_metadata, by_header = await stage.metadata(), await stage.app_service()
    assert (by_metadata.status, by_header.status) == (status, status)
    assert by_metadata.content["error"] == (code or "invalid_request")
    assert by_header.content["statusCode"] == status
    expected = (("Retry-After", "7"),) if status == 429 else ()
    assert by_metadata.headers == by_header.headers == expected


@in_loop
async def test_a_registry_that_is_away_is_told_as_such(tmp_path: Path) -> None:
    """No answer becomes an answer that clients try again after."""

    def away(form: Mapping[str, str]) -> httpx.Response:
        del form
        raise httpx.ConnectError("nobody listens")

    stage = Stage.of(tmp_path, identity())
    stage.server.answer = away
    answer = await stage.metadata()
    assert (answer.status, answer.content) == (
        500,
        {"error": "unknown", "error_description": "the registry gave no answer: nobody listens"},
    )


@in_loop
async def test_what_is_logged_holds_no_secret(tmp_path: Path) -> None:
    """A line has who, what and how it ended; never a token, a secret or a proof."""
    stage = Stage.of(tmp_path, identity(header_secret=HEADER_SECRET, challenge_group=0))
    await stage.metadata()
    await stage.app_service()
    challenge = await stage.arc()
    proof = proof_in(file_of(challenge))
    await stage.arc(f"Basic {proof}")
    await stage.metadata(peer=STRANGER)
    text = json.dumps(stage.log)
    assert [line["status"] for line in stage.log] == [200, 200, 401, 200, 403]
    assert stage.log[0] == {
        "form": "imds",
        "user": 1000,
        "identity": "web-1",
        "resource": ACR,
        "path": IMDS,
        "status": 200,
    }
    assert [s for s in ("prq_", HEADER_SECRET, proof, "token-") if s in text] == []


def test_an_answer_shows_nothing_of_itself() -> None:
    """The text of an answer, as it stands in a traceback, holds no token."""
    content: dict[str, Any] = {"access_token": "token-1"}
    assert "token-1" not in repr(Response(200, content))
