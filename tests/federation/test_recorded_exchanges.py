"""Refused exchanges are recorded, whoever else may pull."""

from __future__ import annotations

from urllib.parse import urlencode

import pytest
from tests.federation.test_own_tokens import directory

from pratique.testing.loops import in_loop
from pratique.testing.registry_in_memory import HOST, header


@pytest.mark.parametrize(("open_to_all", "action"), [(False, "pull"), (True, "push")])
@in_loop
async def test_who_has_no_permission_at_all_is_recorded(*, open_to_all: bool, action: str) -> None:
    """Where everybody may pull, what they lack is the right to push."""
    async with directory(role="") as at:
        await at.registry.manage("PATCH", "/registry", {"anonymous_pull": open_to_all})
        form = {"grant_type": "access_token", "service": HOST, "access_token": at.own_token()}
        answer = await at.registry.ask("POST", "/oauth2/exchange", body=urlencode(form).encode())
        decision_id = header(answer, "x-pratique-decision")
        found = await at.registry.manage("GET", f"/decisions/{decision_id}")
        page = await at.registry.manage("GET", "/decisions?principal=robot")
    assert answer.status == 401
    assert (found["action"], found["resource"]) == (action, "*")
    assert [row["decision_id"] for row in page["decisions"]] == [decision_id]
