"""Outgoing HTTP and LDAP: the only room that asks other servers anything.

Promises: only addresses that were looked up and found permitted are connected to; no redirect is
followed; every answer is bounded in time and size. Refuses to know: what an answer is good for.
"""

from pratique.outgoing.discovery import DiscoveredKeys
from pratique.outgoing.ldap_directory import LdapServers

__all__ = ["DiscoveredKeys", "LdapServers"]
