"""Reads how the client that pulls is set up, beside its credentials.

It promises to look where the client's own programmes look (daemon.json, systemd units, hosts.toml,
registries.conf, certificate folders, the kubelet's flags) and to say which files it read. A file
that is broken or hostile gives less; it raises nothing. It writes nothing and opens no connection.
"""

from pratique.diagnosis.settings_of_clients.azure_cli import read_azure_cli
from pratique.diagnosis.settings_of_clients.reading import read_settings

__all__ = ["read_azure_cli", "read_settings"]
