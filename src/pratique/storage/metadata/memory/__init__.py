"""Rows in the memory of one process: a real store, gone when the process ends."""

from pratique.storage.metadata.memory.blob_links import MemoryBlobLinks
from pratique.storage.metadata.memory.catalogue import MemoryCatalogue
from pratique.storage.metadata.memory.items import MemoryItems
from pratique.storage.metadata.memory.leftovers import MemoryLeftovers
from pratique.storage.metadata.memory.manifests import MemoryManifests
from pratique.storage.metadata.memory.rows import ContentRows

__all__ = [
    "ContentRows",
    "MemoryBlobLinks",
    "MemoryCatalogue",
    "MemoryItems",
    "MemoryLeftovers",
    "MemoryManifests",
]
