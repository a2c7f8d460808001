"""The content suites, by stores whose bytes are in an object store: real servers and local ones."""

from __future__ import annotations

import os
from collections.abc import Iterator
from itertools import count
from pathlib import Path

import pytest
from obstore.store import LocalStore, MemoryStore
from tests.support.object_stores import ObjectServer, object_stores

from pratique.storage.blobs.objects import Bucket, open_bucket
from pratique.testing.content_stores import ContentStores
from pratique.testing.content_suite_collection import CollectionSuite
from pratique.testing.content_suite_namespaces import NamespaceSuite
from pratique.testing.content_suite_registry import RegistrySuite
from pratique.testing.content_suite_uploads import UploadAreaSuite

_NUMBERS = count()


@pytest.fixture(params=["s3", "azure", "folder", "memory"])
def stores(
    request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[ContentStores]:
    """A set of stores, empty; each suite runs with each of them."""
    with object_stores(tmp_path / "data", _bucket(request, tmp_path, monkeypatch)) as opened:
        yield opened


def _bucket(
    request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Bucket:
    if request.param == "memory":
        memory = MemoryStore()
        return Bucket(memory, memory, None, "the memory")
    if request.param == "folder":
        folder = LocalStore(tmp_path / "objects", mkdir=True)
        return Bucket(folder, folder, None, "the folder")
    server: ObjectServer = request.getfixturevalue(request.param)
    for key, value in server.environment.items():
        monkeypatch.setenv(key, value)
    return open_bucket(server.bucket(f"bucket-{next(_NUMBERS)}"), os.environ)


class TestUploads(UploadAreaSuite):
    """See the suite."""


class TestOperations(RegistrySuite):
    """See the suite."""


class TestCollection(CollectionSuite):
    """See the suite."""


class TestNamespaces(NamespaceSuite):
    """See the suite."""
