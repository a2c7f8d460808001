"""Pages of names, whose JSON is joined and not encoded."""

from __future__ import annotations

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from pratique.http.dataplane.listings import names_as_json
from pratique.naming import RepositoryName, Tag

TAGS = st.from_regex(r"[a-zA-Z0-9_][a-zA-Z0-9._-]{0,20}", fullmatch=True).map(Tag)
REPOSITORIES = st.from_regex(
    r"[a-z0-9]{1,5}([._-][a-z0-9]{1,5}){0,2}(/[a-z0-9]{1,9})?", fullmatch=True
)


@given(st.lists(TAGS | REPOSITORIES.map(RepositoryName)))
def test_every_name_that_can_be_is_read_back(names: list[str]) -> None:
    """Nothing that the grammar of names allows needs an escape."""
    written = msgspec.json.encode(names_as_json(names))
    assert msgspec.json.decode(written, type=list[str]) == [str(name) for name in names]
