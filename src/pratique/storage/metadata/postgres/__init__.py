"""Rows in a PostgreSQL database, shared by the workers of all machines."""

from pratique.storage.metadata.postgres.blob_links import PostgresBlobLinks
from pratique.storage.metadata.postgres.bounds import Bounds
from pratique.storage.metadata.postgres.catalogue import PostgresCatalogue
from pratique.storage.metadata.postgres.database import PostgresDatabase, TryAgain
from pratique.storage.metadata.postgres.driver import Connection, Row
from pratique.storage.metadata.postgres.items import PostgresItems
from pratique.storage.metadata.postgres.leftovers import PostgresLeftovers
from pratique.storage.metadata.postgres.manifests import PostgresManifests
from pratique.storage.metadata.postgres.upload_sessions import (
    PostgresBlobPlaces,
    PostgresUploadSessions,
)

__all__ = [
    "Bounds",
    "Connection",
    "PostgresBlobLinks",
    "PostgresBlobPlaces",
    "PostgresCatalogue",
    "PostgresDatabase",
    "PostgresItems",
    "PostgresLeftovers",
    "PostgresManifests",
    "PostgresUploadSessions",
    "Row",
    "TryAgain",
]
