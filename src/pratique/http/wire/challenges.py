"""The 401 challenge (reference 2.1): realm, service, scope, error, joined by bare commas.

`az` splits the value at spaces and commas, so none may stand where ACR has none.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

_HOST = re.compile(
    r"(?:[A-Za-z0-9](?:[A-Za-z0-9._-]{0,252}[A-Za-z0-9])?|\[[0-9A-Fa-f:.]{2,45}\])(?::[0-9]{1,5})?"
)
BASIC_CHALLENGE = 'Basic realm="Pratique"'


def is_host(text: str) -> bool:
    """Whether `text` is a host with or without a port, safe to repeat in a header."""
    return _HOST.fullmatch(text) is not None


@dataclass(frozen=True, slots=True)
class Front:
    """How this request addresses the registry, and so how the registry names itself in answers.

    Attributes:
        base_url: `http://HOST` or `https://HOST`.
        service: the `service` of challenges and the `aud` of tokens.
        help_url: what refusals point to.
        audiences: names for which a token may have been made.
    """

    base_url: str
    service: str
    help_url: str
    audiences: frozenset[str]

    def bearer_challenge(self, scope: str | None = None, error: str | None = None) -> str:
        """The value of `WWW-Authenticate` that sends clients to the token endpoint."""
        parts = [f'Bearer realm="{self.base_url}/oauth2/token"', f'service="{self.service}"']
        if scope is not None:
            parts.append(f'scope="{scope}"')
        if error is not None:
            parts.append(f'error="{error}"')
        return ",".join(parts)

    def visit(self, sentence: str) -> str:
        """`sentence` in ACR's form, which ends with where to read more (reference section 3)."""
        return f"{sentence}, visit {self.help_url} for more information."
