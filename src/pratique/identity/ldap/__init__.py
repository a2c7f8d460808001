"""LDAP servers as a source of people and groups: what is asked, and what an answer means.

Promises: pure, but for the port; what a user typed reaches a filter only as a value; an entry is
known by an id that outlives its name. Refuses to know: how bytes reach the server.
"""

from pratique.identity.ldap import filters
from pratique.identity.ldap.distinguished_names import comparable
from pratique.identity.ldap.entries import (
    LdapContent,
    LdapEntry,
    LdapGroup,
    LdapUser,
    group_attributes,
    read_group,
    read_user,
    user_attributes,
)
from pratique.identity.ldap.port import Finding, LdapDirectory, LdapUnavailable
from pratique.identity.ldap.setup import DEFAULTS, LdapAddress, LdapKind, LdapSetup, read_url

__all__ = [
    "DEFAULTS",
    "Finding",
    "LdapAddress",
    "LdapContent",
    "LdapDirectory",
    "LdapEntry",
    "LdapGroup",
    "LdapKind",
    "LdapSetup",
    "LdapUnavailable",
    "LdapUser",
    "comparable",
    "filters",
    "group_attributes",
    "read_group",
    "read_url",
    "read_user",
    "user_attributes",
]
