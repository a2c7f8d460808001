"""The management API `/api/v1`: directory, roles, registry settings, tokens.

Promises: one row per endpoint with the permission that it needs; a secret is in the answer that
makes it and in no other; browsers cannot be made to send a change. Refuses to know: how a change
is decided and kept.
"""

from pratique.http.management.handler import Management
from pratique.http.management.routes import ROUTES, AskedAt, Route

__all__ = ["ROUTES", "AskedAt", "Management", "Route"]
