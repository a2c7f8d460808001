"""The content suites, by stores whose rows are in a real PostgreSQL."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.support.postgres import PostgresServer, fresh_database
from tests.support.postgres_stores import postgres_stores

from pratique.testing.content_stores import ContentStores
from pratique.testing.content_suite_catalogue import CatalogueSuite
from pratique.testing.content_suite_collection import CollectionSuite
from pratique.testing.content_suite_links import BlobLinksSuite
from pratique.testing.content_suite_locks import LocksSuite
from pratique.testing.content_suite_manifests import ManifestStoreSuite
from pratique.testing.content_suite_namespaces import NamespaceSuite
from pratique.testing.content_suite_registry import RegistrySuite


@pytest.fixture
def stores(postgres: PostgresServer, tmp_path: Path) -> Iterator[ContentStores]:
    """A set of stores, empty."""
    url = fresh_database(postgres)
    with postgres_stores(url, tmp_path / "data") as opened:
        yield opened
    postgres.drop(url)


class TestManifests(ManifestStoreSuite):
    """See the suite."""


class TestBlobLinks(BlobLinksSuite):
    """See the suite."""


class TestCatalogue(CatalogueSuite):
    """See the suite."""


class TestOperations(RegistrySuite):
    """See the suite."""


class TestCollection(CollectionSuite):
    """See the suite."""


class TestNamespaces(NamespaceSuite):
    """See the suite."""


class TestLocks(LocksSuite):
    """See the suite."""
