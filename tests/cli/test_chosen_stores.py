"""Where a registry may be kept."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner

from pratique.assembly import is_prepared, open_registry, prepare, try_stores
from pratique.cli.program import program
from pratique.naming import RegistryName
from pratique.observability import LineLog
from pratique.registry import StorageFailed
from pratique.settings import Places

BUCKET = "s3://bucket?endpoint=http://127.0.0.1:9&region=eu"


def test_a_database_that_cannot_be_had_is_refused(tmp_path: Path) -> None:
    """Nobody believes that a database is used while a folder is; nothing is made."""
    places = Places(tmp_path / "data", database="postgresql://u:secret@db/pratique")
    with pytest.raises(StorageFailed):
        is_prepared(places)
    with pytest.raises(StorageFailed):
        prepare(places, name=RegistryName("pratique"), login_server=None)
    assert list(tmp_path.iterdir()) == []
    assert "secret" not in repr(places) + places.of_rows


def test_a_registry_with_blobs_in_files_does_not_begin_anew_in_a_bucket(tmp_path: Path) -> None:
    """Every layer would be missing."""
    data = tmp_path / "data"
    prepare(Places(data), name=RegistryName("pratique"), login_server=None)
    open_registry(Places(data), LineLog(None)).close()
    blob = data / "blobs/sha256/ab" / ("ab" + 62 * "0")
    blob.parent.mkdir(parents=True, exist_ok=True)
    blob.write_bytes(b"layer")
    with pytest.raises(StorageFailed) as refused:
        try_stores(Places(data, blobs=BUCKET))
    assert "are files in" in refused.value.detail


def test_a_bucket_that_cannot_be_reached_is_told_before_serving(tmp_path: Path) -> None:
    """The trial asks the store, and says what is wrong."""
    data = tmp_path / "data"
    prepare(Places(data), name=RegistryName("pratique"), login_server=None)
    with pytest.raises(StorageFailed) as refused:
        try_stores(Places(data, blobs="s3://no/credentials?region=eu&unknown=1"))
    assert "unknown" in refused.value.detail


@pytest.mark.parametrize("verb", [["check"], ["backup", "target"]])
def test_verbs_of_a_folder_want_it_typed_where_other_stores_are_set(
    verb: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A repair of the wrong place would unlink every layer."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PRATIQUE_BLOBS", BUCKET)
    told = CliRunner().invoke(program, verb)
    assert told.exit_code == 2
    assert "PRATIQUE_BLOBS is set" in told.output
    typed = CliRunner().invoke(program, [*verb, "--data", str(tmp_path)])
    assert "there is no registry in" in typed.output
