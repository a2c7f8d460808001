"""How the registry asks an LDAP server about its people: the setup, as it is stored.

The setup names the file that holds the bind password, never the password.
"""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final
from urllib.parse import urlsplit

import msgspec

_PORTS: Final = {"ldaps": 636, "ldap": 389}


class LdapKind(StrEnum):
    """Whose attributes a server has."""

    ACTIVE_DIRECTORY = "active-directory"
    OPENLDAP = "openldap"


@dataclass(frozen=True, slots=True)
class Defaults:
    """What is asked of a kind of server, unless the operator says something else.

    Attributes:
        name_attribute: what people type as their user name.
        user_filter: with `{name}` where the name stands, before `{attribute}` is filled in.
        entry_id: the attribute that stays the same when an entry is renamed or moved.
        last_change: the attribute that tells when the password was set.
    """

    name_attribute: str
    user_filter: str
    group_filter: str
    group_name: str
    display_name: str
    entry_id: str
    last_change: str


DEFAULTS: Final = {
    LdapKind.ACTIVE_DIRECTORY: Defaults(
        name_attribute="sAMAccountName",
        user_filter="(&(objectCategory=person)(objectClass=user)({attribute}={name}))",
        group_filter="(objectCategory=group)",
        group_name="sAMAccountName",
        display_name="displayName",
        entry_id="objectGUID",
        last_change="pwdLastSet",
    ),
    LdapKind.OPENLDAP: Defaults(
        name_attribute="uid",
        user_filter="(&(|(objectClass=inetOrgPerson)(objectClass=posixAccount))"
        "({attribute}={name}))",
        group_filter="(|(objectClass=groupOfNames)(objectClass=groupOfUniqueNames)"
        "(objectClass=posixGroup))",
        group_name="cn",
        display_name="displayName",
        entry_id="entryUUID",
        last_change="pwdChangedTime",
    ),
}


class LdapSetup(msgspec.Struct, frozen=True):
    """The LDAP server of this registry; there is one, or none.

    Attributes:
        url: `ldaps://HOST[:PORT]`, or `ldap://HOST[:PORT]`, where StartTLS comes first.
        name_attribute: whose value is the user name here.
        user_filter: RFC 4515, with `{name}` where the user name stands.
        group_base: empty to leave groups alone.
        bind_dn: who reads; empty to read as nobody.
        bind_password_file: on the server's machine; read each time it is needed.
        ca_file: certificate authorities in PEM on the server's machine; empty for the machine's.
        plain: whether `ldap://` is spoken without TLS, which shows passwords to the network.
        synced_at: when users and groups were last brought up to date; None for never.
    """

    url: str
    kind: LdapKind
    name_attribute: str
    user_base: str
    user_filter: str
    group_base: str
    group_filter: str
    created_at: datetime
    bind_dn: str = ""
    bind_password_file: str = ""
    ca_file: str = ""
    plain: bool = False
    synced_at: datetime | None = None

    @property
    def defaults(self) -> Defaults:
        """What is known of the server's kind."""
        return DEFAULTS[self.kind]


@dataclass(frozen=True, slots=True)
class LdapAddress:
    """Where an LDAP server listens.

    Attributes:
        tls_first: whether TLS begins with the connection; else StartTLS asks for it.
    """

    host: str
    port: int
    tls_first: bool

    @property
    def here(self) -> bool:
        """Whether it is this machine itself, by its name or address alone."""
        if self.host.casefold() == "localhost":
            return True
        try:
            return ipaddress.ip_address(self.host).is_loopback
        except ValueError:
            return False

    def __str__(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{host}:{self.port}"


def read_url(url: str) -> LdapAddress:
    """The address that a URL of an LDAP server means; it holds scheme, host and port, no more.

    Raises:
        ValueError: it is no such URL.
    """
    if not url.isascii() or not url.isprintable() or len(url) > 512 or set(url) & set(" \\?#@"):
        raise ValueError("it has characters that do not belong there")
    parts = urlsplit(url)
    if parts.scheme not in _PORTS or not parts.hostname or parts.path not in {"", "/"}:
        raise ValueError("it is not of the form `ldaps://HOST` or `ldap://HOST`")
    port = _PORTS[parts.scheme] if parts.port is None else parts.port
    if port == 0:
        raise ValueError("its port is none")
    return LdapAddress(parts.hostname, port, parts.scheme == "ldaps")
