"""Importing: an image of another registry becomes one of this one, whole or not at all.

Promises: what is served is complete and matches its digests; nothing of an image is served before
all of it is here; everything that a source says is bounded. Refuses to know: how a source is asked,
who may import, and what asks for it.
"""

from pratique.registry.importing.copying import Copied, copy_image
from pratique.registry.importing.own_source import OwnSource
from pratique.registry.importing.source import (
    ImageSource,
    ImportFailed,
    SourceManifest,
    Why,
)

__all__ = [
    "Copied",
    "ImageSource",
    "ImportFailed",
    "OwnSource",
    "SourceManifest",
    "Why",
    "copy_image",
]
