"""Every sign: what single registries say before what any client says."""

from __future__ import annotations

from typing import Final

from pratique.diagnosis.printed import (
    signs_azure,
    signs_chain,
    signs_clients,
    signs_pratique,
    signs_vendors,
)
from pratique.diagnosis.printed.signs import Sign

SIGNS: Final[tuple[Sign, ...]] = (
    *signs_pratique.REFUSALS,
    *signs_azure.REGISTRY,
    *signs_azure.DIRECTORY,
    *signs_vendors.DOCKER_HUB,
    *signs_vendors.GITHUB_PACKAGES,
    *signs_vendors.AWS,
    *signs_vendors.GOOGLE_CLOUD,
    *signs_vendors.SELF_HOSTED,
    *signs_clients.HELPERS,
    *signs_clients.CLUSTERS,
    *signs_clients.NAMES,
    *signs_chain.NAMES,
    *signs_chain.CONNECTIONS,
    *signs_chain.TLS,
    *signs_chain.ANSWERERS,
    *signs_clients.LOGINS,
    *signs_chain.GENERAL,
)
