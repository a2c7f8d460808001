"""The token endpoints: `/oauth2/token` gives access tokens, `/oauth2/exchange` refresh tokens.

Promises: a token says no more than its holder may do now, and every later request is judged anew.
Refuses to know: what the token will be used for.
"""

from pratique.http.tokens.endpoint import TokenEndpoint
from pratique.http.tokens.exchange import Exchange

__all__ = ["Exchange", "TokenEndpoint"]
