"""What a form is given: one request, and how to learn who made it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

from pratique.agent.identities import HostedIdentity
from pratique.agent.messages import Request
from pratique.agent.peers import Peer
from pratique.agent.tokens import Tokens

PeerLookUp = Callable[[], Awaitable[Peer]]


@dataclass(frozen=True, slots=True)
class Visit:
    """One request.

    Attributes:
        identities: of this host.
        peer: asks the kernel who is at the other end.
        facts: what is to be logged of it; never a secret.
    """

    request: Request
    identities: tuple[HostedIdentity, ...]
    tokens: Tokens
    peer: PeerLookUp
    facts: dict[str, object] = field(default_factory=dict)
