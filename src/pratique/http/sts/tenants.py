"""By which names a client may call the one tenant of this directory."""

from __future__ import annotations

from typing import Final

from pratique.admission import RegistryRecord

# Entra ID's names for "whichever tenant the account is of"; here there is one.
ALIASES: Final = ("organizations", "common")


def tenant_names(registry: RegistryRecord) -> tuple[str, ...]:
    """All names of the tenant in lower case, its id first."""
    named = (registry.tenant, registry.tenant_domain, *ALIASES)
    return tuple(name.lower() for name in named if name)


def is_tenant(text: str, registry: RegistryRecord) -> bool:
    """Whether a client that says `text` means this directory."""
    return text.lower() in tenant_names(registry)
