"""Any sequence of uploads, and of pushes beside collection, by two nodes that share a bucket."""

from __future__ import annotations

import tempfile
from pathlib import Path

from hypothesis import settings
from obstore.store import MemoryStore
from tests.stores.test_collection_machine import CollectionMachine
from tests.stores.test_upload_machine import UploadMachine
from tests.support.object_stores import object_stores

from pratique.storage.blobs.objects import Bucket
from pratique.testing.content_stores import ContentStores


class ObjectUploadMachine(UploadMachine):
    """Uploads whose requests land on both nodes."""

    def open_workers(self) -> list[ContentStores]:
        """Two nodes with one database and one bucket."""
        return _two_nodes(self)


class ObjectCollectionMachine(CollectionMachine):
    """Pushes on one node, and collection on the other."""

    def open_workers(self) -> list[ContentStores]:
        """Two nodes with one database and one bucket."""
        return _two_nodes(self)


def _two_nodes(machine: UploadMachine | CollectionMachine) -> list[ContentStores]:
    folder = Path(machine.open.enter_context(tempfile.TemporaryDirectory()))
    store = MemoryStore()
    bucket = Bucket(store, store, None, "the memory")
    return [
        machine.open.enter_context(object_stores(folder / "data", bucket, id_prefix=prefix))
        for prefix in "ab"
    ]


# A folder with its database takes a while to make, and a slow disk is no failure.
TestUploads = ObjectUploadMachine.TestCase
TestUploads.settings = settings(max_examples=30, stateful_step_count=25, deadline=None)
TestCollection = ObjectCollectionMachine.TestCase
TestCollection.settings = settings(max_examples=40, stateful_step_count=30, deadline=None)
