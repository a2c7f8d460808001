"""A real OpenLDAP server in a process of its own, on loopback, ended by its process id."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
from tests.support.certificates import Authority
from tests.support.live_server import free_port

# Set to anything where every programme must be there, as in continuous integration.
ALL_REQUIRED = "PRATIQUE_ALL_CLIENTS"
BASE = "dc=example,dc=org"
PEOPLE, GROUPS = f"ou=people,{BASE}", f"ou=groups,{BASE}"
ADMIN, ADMIN_PASSWORD = f"cn=admin,{BASE}", "the admin's password"
READER, READER_PASSWORD = f"cn=reader,{BASE}", "the reader's password"
START_DEADLINE_SECONDS = 20.0
_CONFIG = """
include /etc/ldap/schema/core.schema
include /etc/ldap/schema/cosine.schema
include /etc/ldap/schema/inetorgperson.schema
include /etc/ldap/schema/nis.schema
# Attributes of Active Directory, so far as the registry asks for them; the numbers are its own.
attributetype ( 1.2.840.113556.1.4.8 NAME 'userAccountControl'
  EQUALITY integerMatch SYNTAX 1.3.6.1.4.1.1466.115.121.1.27 SINGLE-VALUE )
attributetype ( 1.2.840.113556.1.4.221 NAME 'sAMAccountName'
  EQUALITY caseIgnoreMatch SUBSTR caseIgnoreSubstringsMatch
  SYNTAX 1.3.6.1.4.1.1466.115.121.1.15 SINGLE-VALUE )
attributetype ( 1.2.840.113556.1.4.2 NAME 'objectGUID'
  EQUALITY octetStringMatch SYNTAX 1.3.6.1.4.1.1466.115.121.1.40 SINGLE-VALUE )
attributetype ( 1.2.840.113556.1.4.96 NAME 'pwdLastSet'
  EQUALITY integerMatch SYNTAX 1.3.6.1.4.1.1466.115.121.1.27 SINGLE-VALUE )
attributetype ( 1.2.840.113556.1.4.159 NAME 'accountExpires'
  EQUALITY integerMatch SYNTAX 1.3.6.1.4.1.1466.115.121.1.27 SINGLE-VALUE )
attributetype ( 1.2.840.113556.1.4.782 NAME 'objectCategory'
  EQUALITY caseIgnoreMatch SYNTAX 1.3.6.1.4.1.1466.115.121.1.15 SINGLE-VALUE )
objectclass ( 1.2.840.113556.1.5.9 NAME 'user' SUP inetOrgPerson STRUCTURAL
  MAY ( userAccountControl $ sAMAccountName $ objectGUID $ pwdLastSet $ accountExpires $
  objectCategory ) )
objectclass ( 1.2.840.113556.1.5.8 NAME 'group' SUP top STRUCTURAL
  MUST ( cn ) MAY ( member $ sAMAccountName $ objectGUID $ objectCategory ) )
modulepath /usr/lib/ldap
moduleload back_mdb
moduleload ppolicy
pidfile {folder}/slapd.pid
TLSCertificateFile {folder}/server.pem
TLSCertificateKeyFile {folder}/server.key
sizelimit {size_limit}
database mdb
directory {folder}/data
suffix "{base}"
rootdn "{admin}"
rootpw "{admin_password}"
maxsize 67108864
overlay ppolicy
access to attrs=userPassword by anonymous auth by * none
access to * by dn.exact="{reader}" read by anonymous auth by * none
"""
_FIRST = f"""
dn: {BASE}
objectClass: dcObject
objectClass: organization
dc: example
o: Example

dn: {READER}
objectClass: organizationalRole
objectClass: simpleSecurityObject
cn: reader
userPassword: {READER_PASSWORD}

dn: {PEOPLE}
objectClass: organizationalUnit
ou: people

dn: {GROUPS}
objectClass: organizationalUnit
ou: groups
"""


@dataclass
class Slapd:
    """A server, which can be stopped and started again on its ports.

    Attributes:
        port: of LDAP with StartTLS.
        tls_port: of LDAPS.
        ca_file: the authority of its certificate, which is for `localhost` alone.
    """

    folder: Path
    port: int
    tls_port: int
    ca_file: Path
    process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        """With TLS from the beginning."""
        return f"ldaps://localhost:{self.tls_port}"

    @property
    def start_tls_url(self) -> str:
        """With StartTLS."""
        return f"ldap://localhost:{self.port}"

    @property
    def password_file(self) -> Path:
        """The reader's password."""
        return self.folder / "reader-password"

    def start(self) -> None:
        """Serve, and return when it listens."""
        urls = f"ldap://127.0.0.1:{self.port} ldaps://127.0.0.1:{self.tls_port}"
        with (self.folder / "slapd.log").open("ab") as log:
            self.process = subprocess.Popen(
                [_programme(), "-f", str(self.folder / "slapd.conf"), "-h", urls, "-d", "0"],
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        deadline = time.monotonic() + START_DEADLINE_SECONDS
        while not (_listens(self.port) and _listens(self.tls_port)):
            assert self.process.poll() is None, (self.folder / "slapd.log").read_text()
            assert time.monotonic() < deadline, "slapd does not listen"
            time.sleep(0.05)

    def stop(self) -> None:
        """End it; a second time makes no difference."""
        process, self.process = self.process, None
        if process is None:
            return
        process.terminate()
        try:
            process.wait(timeout=15)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait(timeout=15)

    def add(self, ldif: str) -> None:
        """Add entries."""
        self._as_admin("ldapadd", ldif)

    def modify(self, ldif: str) -> None:
        """Change or delete entries."""
        self._as_admin("ldapmodify", ldif)

    def _as_admin(self, programme: str, ldif: str) -> None:
        done = subprocess.run(
            [
                *(programme, "-x", "-H", f"ldap://127.0.0.1:{self.port}"),
                *("-D", ADMIN, "-w", ADMIN_PASSWORD),
            ],
            input=ldif,
            capture_output=True,
            text=True,
            timeout=30,
            check=False,
        )
        assert done.returncode == 0, done.stderr


@contextmanager
def slapd(folder: Path, *, size_limit: str = "unlimited") -> Iterator[Slapd]:
    """A server with an empty tree of people and groups, ended on leaving.

    Skips the test where OpenLDAP is not installed, and fails where it must be.
    """
    for needed in ("slapd", "ldapadd", "ldapmodify", "/etc/ldap/schema/core.schema"):
        if _found(needed) is None and not Path(needed).exists():
            told = f"`{needed}` is not installed (Debian: apt install slapd ldap-utils)"
            if os.environ.get(ALL_REQUIRED):
                pytest.fail(f"{told}, and {ALL_REQUIRED} is set")
            pytest.skip(told)
    (folder / "data").mkdir(parents=True)
    authority = Authority.new()
    authority.issue(folder / "server.pem", folder / "server.key", "localhost")
    ca_file = folder / "ca.pem"
    ca_file.write_bytes(authority.pem)
    (folder / "slapd.conf").write_text(
        _CONFIG.format(
            folder=folder,
            base=BASE,
            admin=ADMIN,
            admin_password=ADMIN_PASSWORD,
            reader=READER,
            size_limit=size_limit,
        ),
        encoding="utf-8",
    )
    server = Slapd(folder, free_port(), free_port(), ca_file)
    server.password_file.write_text(f"{READER_PASSWORD}\n", encoding="utf-8")
    server.password_file.chmod(0o600)
    server.start()
    try:
        server.add(_FIRST)
        yield server
    finally:
        server.stop()


def person(name: str, password: str, **more: str) -> str:
    """The LDIF of a person whose user name is also the common name."""
    lines = [
        f"dn: uid={name},{PEOPLE}",
        "objectClass: inetOrgPerson",
        f"uid: {name}",
        f"cn: {name}",
        f"sn: {name}",
        f"userPassword: {password}",
        *(f"{key}: {value}" for key, value in more.items()),
    ]
    return "\n".join(lines) + "\n\n"


def group(name: str, *members: str) -> str:
    """The LDIF of a group of entries by their distinguished names."""
    lines = [f"dn: cn={name},{GROUPS}", "objectClass: groupOfNames", f"cn: {name}"]
    return "\n".join([*lines, *(f"member: {member}" for member in members)]) + "\n\n"


def _found(programme: str) -> str | None:
    # Debian keeps servers where only the administrator's path leads.
    return shutil.which(programme, path=f"{os.environ.get('PATH', '')}:/usr/sbin:/usr/lib/openldap")


def _programme() -> str:
    found = _found("slapd")
    assert found is not None
    return found


def _listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0
