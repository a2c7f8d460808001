"""Where a registry may be kept."""

from __future__ import annotations

from pathlib import Path

import pytest

from pratique.assembly import is_prepared, prepare
from pratique.naming import RegistryName
from pratique.registry import StorageFailed
from pratique.settings import Places


@pytest.mark.parametrize(
    "elsewhere", [{"database": "postgresql://u:secret@db/pratique"}, {"blobs": "s3://bucket"}]
)
def test_stores_that_cannot_be_had_are_refused(tmp_path: Path, elsewhere: dict[str, str]) -> None:
    """Nobody believes that a database is used while a folder is; nothing is made."""
    places = Places(tmp_path / "data", **elsewhere)
    with pytest.raises(StorageFailed) as refused:
        is_prepared(places)
    assert "leave out --database and --blobs" in refused.value.detail
    with pytest.raises(StorageFailed):
        prepare(places, name=RegistryName("pratique"), login_server=None)
    assert list(tmp_path.iterdir()) == []
    assert "secret" not in repr(places) + places.of_rows
