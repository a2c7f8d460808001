"""The data plane: `/v2` of the OCI distribution specification and ACR's `/acr/v1` beside it.

Promises: one row per endpoint with the action that it needs; no operation runs without the verdict
that its row asks for. Refuses to know: how a verdict is reached, and where content lies.
"""

from pratique.http.dataplane.handler import DataPlane
from pratique.http.dataplane.routes import ROUTES, Route

__all__ = ["ROUTES", "DataPlane", "Route"]
