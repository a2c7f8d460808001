"""Every row of the room."""

from __future__ import annotations

from pratique.http.arm.authorization.rows import ROWS as AUTHORIZATION
from pratique.http.arm.container_registry.rows import ROWS as CONTAINER_REGISTRY
from pratique.http.arm.graph.rows import ROWS as GRAPH
from pratique.http.arm.managed_identity.rows import ROWS as MANAGED_IDENTITY
from pratique.http.arm.resource_manager.rows import ROWS as RESOURCE_MANAGER

ROUTES = (
    *RESOURCE_MANAGER,
    *CONTAINER_REGISTRY,
    *AUTHORIZATION,
    *MANAGED_IDENTITY,
    *GRAPH,
)
