"""TLS settings host by host, as the client that pulls has them."""

from __future__ import annotations

import ssl
from collections.abc import Sequence

from pratique.diagnosis.machine import Files
from pratique.diagnosis.network.certificates import UntrustedStore, trusting


class Trust:
    """Which certificates count for which host.

    Args:
        files: of the machine.
        host: the registry's, without a port.
        port: likewise.
        ca_files: certificates for that host beside the system's.
        verified: whether that host's certificate must be good at all.
    """

    def __init__(
        self, files: Files, host: str, port: int, ca_files: Sequence[str], *, verified: bool
    ) -> None:
        self._files = files
        self._own = (host, port)
        self._ca_files = ca_files
        self._verified = verified
        self.faults: list[str] = []

    def context(self, host: str, port: int) -> ssl.SSLContext:
        """For a connection to this host; a file that is no certificate is noted in `faults`."""
        if (host, port) != self._own:
            return trusting((), verified=True, system=ssl.create_default_context)
        contents = []
        for name in self._ca_files:
            try:
                contents.append((name, self._files.read(name)))
            except OSError as error:
                self.faults.append(f"`{name}` cannot be read: {error.strerror or error}")
        try:
            return trusting(contents, verified=self._verified, system=ssl.create_default_context)
        except UntrustedStore as error:
            self.faults.append(str(error))
            return trusting((), verified=self._verified, system=ssl.create_default_context)
