"""A store that takes no changes for a while: every face says so, and when to try again."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from pratique.http.arm import errors as arm
from pratique.http.dataplane import failures as dataplane
from pratique.http.wire.messages import Response
from pratique.http.wire.problems import TRY_AGAIN
from pratique.registry import StorageFailed, StorageFrozen

FROZEN = StorageFrozen("it is being moved, and takes no changes")


@pytest.mark.parametrize("response_of", [arm.failure_response, dataplane.failure_response])
def test_it_is_no_fault_of_the_server(response_of: Callable[[Exception], Response]) -> None:
    """503 with the reason and a time to wait; a store that failed has neither."""
    told = response_of(FROZEN)
    assert told.status == 503
    assert TRY_AGAIN in told.headers
    assert str(FROZEN).encode() in told.body
    failed = response_of(StorageFailed("the disk is broken"))
    assert failed.status == 500
    assert TRY_AGAIN not in failed.headers
    assert b"the disk is broken" not in failed.body
