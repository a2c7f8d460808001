"""Files on the server's machine that an LDAP setup names: a password, certificate authorities."""

from __future__ import annotations

import os
import ssl
import stat
from functools import lru_cache
from pathlib import Path
from typing import Final

from pratique.identity.ldap import LdapUnavailable
from pratique.outgoing.fetching import system_tls
from pratique.outgoing.ldap_sockets import cause

MAX_SECRET_BYTES: Final = 1024


def read_secret(path: Path) -> str:
    """The password in a file, which must be its owner's alone; a newline at its end is none of it.

    Raises:
        LdapUnavailable: the file cannot be used; says why, and nothing of what it holds.
    """
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
        with os.fdopen(descriptor, "rb") as file:
            status = os.fstat(file.fileno())
            content = file.read(MAX_SECRET_BYTES + 1) if stat.S_ISREG(status.st_mode) else b""
        text = content.decode().removesuffix("\n").removesuffix("\r")
    except OSError as error:
        raise LdapUnavailable(f"the file {path} cannot be read: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise LdapUnavailable(f"the file {path} does not hold a password in UTF-8") from error
    if status.st_mode & 0o077:
        raise LdapUnavailable(
            f"the file {path} is open to others than its owner; run `chmod 600 {path}`"
        )
    if not text or len(content) > MAX_SECRET_BYTES or not text.isprintable():
        raise LdapUnavailable(
            f"the file {path} does not hold one password: one line of at most {MAX_SECRET_BYTES} "
            "bytes"
        )
    return text


def trusting(ca_file: str) -> ssl.SSLContext:
    """What the server's certificate is checked by.

    Raises:
        LdapUnavailable: the file cannot be used.
    """
    if not ca_file:
        return _system_tls()
    try:
        return _tls_of(ca_file, Path(ca_file).stat().st_mtime_ns)
    except OSError as error:
        raise LdapUnavailable(
            f"the file {ca_file} holds no certificate authorities: {cause(error)}"
        ) from error


@lru_cache(maxsize=1)
def _system_tls() -> ssl.SSLContext:
    return system_tls()


@lru_cache(maxsize=4)
def _tls_of(ca_file: str, changed: int) -> ssl.SSLContext:
    del changed
    return ssl.create_default_context(cafile=ca_file)
