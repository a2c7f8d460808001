"""Certificates of service principals as files: taken out of a PEM, or made with a new key."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

import click

from pratique.cli.failures import Failed
from pratique.cli.files import text_of

_CERTIFICATE = re.compile(r"-----BEGIN CERTIFICATE-----.*?-----END CERTIFICATE-----\n?", re.DOTALL)


def certificate_in(file: BinaryIO) -> str:
    """The certificates in a PEM file, without any key that stands beside them.

    Raises:
        click.BadParameter: there is none.
    """
    found = _CERTIFICATE.findall(text_of(file))
    if not found:
        raise click.BadParameter(f"the file `{file.name}` holds no certificate in PEM")
    return "".join(found)


@contextmanager
def new_certificate(path: Path, name: str, days: int) -> Iterator[str]:
    """A new key and its certificate, written to `path` for its owner alone; gives the certificate.

    The file is taken away again when the block fails: a key that no service principal knows is of
    no use to anybody.

    Args:
        path: of a file that is not there yet.
        name: the subject's common name.
        days: for which the certificate stands.

    Raises:
        Failed: the file is there, or cannot be written.
    """
    from pratique.cli.certificate_making import make_certificate  # noqa: PLC0415 - loaded when used

    key, certificate = make_certificate(name, days)
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError as error:
        raise Failed(f"the file `{path}` is there already; name one that is not") from error
    except OSError as error:
        raise Failed(f"the file `{path}` cannot be written: {error.strerror}") from error
    try:
        with os.fdopen(descriptor, "w", encoding="ascii") as file:
            file.write(key + certificate)
            file.flush()
            os.fsync(file.fileno())
        yield certificate
    except BaseException:
        with suppress(OSError):
            path.unlink()
        raise
