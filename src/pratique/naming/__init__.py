"""What things are called: repositories, tags, digests, token scopes and resource scopes.

Promises: text becomes one of these values or is refused with a sentence; a value that exists is
valid. Refuses to know: whether the named thing exists, and who may touch it.
"""

from pratique.naming.addresses import AddressRange
from pratique.naming.digests import Digest
from pratique.naming.errors import InvalidName, UnsupportedDigestAlgorithm
from pratique.naming.media_types import MediaType
from pratique.naming.names import RegistryName, RepositoryName, Tag, parse_reference
from pratique.naming.resources import ResourceScope
from pratique.naming.scopes import TokenScope, parse_scopes

__all__ = [
    "AddressRange",
    "Digest",
    "InvalidName",
    "MediaType",
    "RegistryName",
    "RepositoryName",
    "ResourceScope",
    "Tag",
    "TokenScope",
    "UnsupportedDigestAlgorithm",
    "parse_reference",
    "parse_scopes",
]
