"""Outgoing HTTP and LDAP: the only room that asks other servers anything.

Promises: only addresses that were looked up and found permitted are connected to; no redirect is
followed but to hosts that the operator named; every answer is bounded in time and size. Refuses to
know: what an answer is good for.
"""

from pratique.outgoing.discovery import DiscoveredKeys
from pratique.outgoing.ldap_directory import LdapServers
from pratique.outgoing.registries import RemoteRegistries

__all__ = ["DiscoveredKeys", "LdapServers", "RemoteRegistries"]
