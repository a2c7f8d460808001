"""The agent of managed identities: runs on a workload's host and hands out tokens there.

It guarantees that a token is given only to a process that proved itself: by its user or group, by
a header's secret, or by a file that only one group may read. It holds the secrets of its host,
never those of another, and knows the registry only as an OAuth2 token endpoint.

Forms, as clients of Azure send them (reference 8): the instance metadata service (`imds`), App
Service (`app_service`) and Azure Arc (`arc`).
"""

from pratique.agent.answers import Agent
from pratique.agent.challenges import Challenges, FolderUnfit
from pratique.agent.identities import CredentialsUnfit, HostedIdentity, read_credentials
from pratique.agent.listeners import Listeners, TcpAddress, Unlistenable, parse_address
from pratique.agent.tokens import Tokens, server_client

__all__ = [
    "Agent",
    "Challenges",
    "CredentialsUnfit",
    "FolderUnfit",
    "HostedIdentity",
    "Listeners",
    "TcpAddress",
    "Tokens",
    "Unlistenable",
    "parse_address",
    "read_credentials",
    "server_client",
]
