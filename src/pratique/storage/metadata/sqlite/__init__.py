"""Rows in one SQLite file, shared by all worker processes of a machine."""

from pratique.storage.metadata.sqlite.blob_links import SqliteBlobLinks
from pratique.storage.metadata.sqlite.catalogue import SqliteCatalogue
from pratique.storage.metadata.sqlite.database import Database
from pratique.storage.metadata.sqlite.items import SqliteItems
from pratique.storage.metadata.sqlite.leftovers import SqliteLeftovers
from pratique.storage.metadata.sqlite.manifests import SqliteManifests

__all__ = [
    "Database",
    "SqliteBlobLinks",
    "SqliteCatalogue",
    "SqliteItems",
    "SqliteLeftovers",
    "SqliteManifests",
]
