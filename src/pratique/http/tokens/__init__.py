"""The token endpoint `/oauth2/token`: a credential in, an access token out.

Promises: a token says no more than its holder may do now, and every later request is judged anew.
Refuses to know: what the token will be used for.
"""

from pratique.http.tokens.endpoint import TokenEndpoint

__all__ = ["TokenEndpoint"]
