"""The content suites, run by the stores of `conftest.py`."""

from __future__ import annotations

from pratique.testing.content_suite_catalogue import CatalogueSuite
from pratique.testing.content_suite_collection import CollectionSuite
from pratique.testing.content_suite_links import BlobLinksSuite
from pratique.testing.content_suite_locks import LocksSuite
from pratique.testing.content_suite_manifests import ManifestStoreSuite
from pratique.testing.content_suite_namespaces import NamespaceSuite
from pratique.testing.content_suite_registry import RegistrySuite
from pratique.testing.content_suite_uploads import UploadAreaSuite


class TestManifests(ManifestStoreSuite):
    """See the suite."""


class TestBlobLinks(BlobLinksSuite):
    """See the suite."""


class TestUploads(UploadAreaSuite):
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
