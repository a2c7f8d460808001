"""Reads how az is set up. The files with its tokens and secrets are never opened.

Source: azure-cli-core `cloud.py`, `_profile.py`, `_config.py`, `auth/identity.py`.
"""

from __future__ import annotations

import configparser
import json
import posixpath
from collections.abc import Mapping
from typing import Final

from pratique.diagnosis.credentials.docker import home_of
from pratique.diagnosis.facts.azure_cli import AzAccount, AzCloud, AzSettings, Remembered
from pratique.diagnosis.machine import Machine
from pratique.diagnosis.settings_of_clients.azure_http_cache import remembered_refusals
from pratique.diagnosis.settings_of_clients.seen import Seen

_BUILT_IN: Final = frozenset({"AzureCloud", "AzureChinaCloud", "AzureUSGovernment"})
_BUNDLES: Final = ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE")
_DISCOVERY: Final = "AZURE_CORE_INSTANCE_DISCOVERY"
_NO: Final = frozenset({"0", "no", "false", "off"})
_MOST: Final = 100


def read_azure_cli(machine: Machine) -> AzSettings:
    """How az of this user and environment is set up; what is not there is as az begins.

    Args:
        machine: on which az runs.
    """
    seen, known = Seen(machine.files), machine.environment
    folder = known.get("AZURE_CONFIG_DIR") or f"{home_of(machine)}/.azure"
    settings = _sections(seen, f"{folder}/config")
    variable = known.get(_DISCOVERY)
    written = settings.get("core", {}).get("instance_discovery")
    value = variable if variable is not None else written
    bundle_variable = next((name for name in _BUNDLES if known.get(name)), "")
    bundle = known.get(bundle_variable, "")
    return AzSettings(
        folder,
        _clouds(seen, folder),
        settings.get("cloud", {}).get("name", "AzureCloud"),
        instance_discovery=value is None or value.strip().lower() not in _NO,
        discovery_source=_source(variable, written, folder),
        accounts=_accounts(seen, folder),
        remembered=_remembered(machine, folder),
        bundle=bundle,
        bundle_variable=bundle_variable,
        bundle_fault=_fault(machine, bundle),
        unverified=known.get("AZURE_CLI_DISABLE_CONNECTION_VERIFICATION", "") not in {"", "0"},
        docker_command=known.get("DOCKER_COMMAND", ""),
        client=_client(machine),
    )


def _source(variable: str | None, written: str | None, folder: str) -> str:
    if variable is not None:
        return _DISCOVERY
    return f"{folder}/config" if written is not None else ""


def _clouds(seen: Seen, folder: str) -> tuple[AzCloud, ...]:
    return tuple(
        AzCloud(
            name,
            section.get("endpoint_resource_manager", "").rstrip("/"),
            section.get("endpoint_active_directory", "").rstrip("/"),
            section.get("suffix_acr_login_server_endpoint", "").removeprefix("."),
        )
        for name, section in _sections(seen, f"{folder}/clouds.config").items()
        if name not in _BUILT_IN
    )[:_MOST]


def _accounts(seen: Seen, folder: str) -> tuple[AzAccount, ...]:
    try:
        # az writes a byte order mark.
        text = (seen.text(f"{folder}/azureProfile.json") or "{}").removeprefix("\ufeff")
        listed = json.loads(text).get("subscriptions", [])
        return tuple(
            AzAccount(
                str(each.get("environmentName", "")),
                str(each.get("tenantId", "")),
                each.get("isDefault") is True,
            )
            for each in listed[:_MOST]
        )
    except (ValueError, AttributeError, TypeError, RecursionError):
        return ()


def _remembered(machine: Machine, folder: str) -> tuple[Remembered, ...]:
    try:
        content = machine.files.read(f"{folder}/msal_http_cache.bin")
    except OSError:
        return ()
    return remembered_refusals(content, machine.clock.now())


def _fault(machine: Machine, bundle: str) -> str:
    if not bundle or machine.files.names_in(bundle):
        return ""
    try:
        content = machine.files.read(bundle)
    except OSError as error:
        return error.strerror or "it cannot be read"
    return "" if b"-----BEGIN CERTIFICATE-----" in content else "it holds no certificate"


def _client(machine: Machine) -> str:
    named = machine.environment.get("DOCKER_COMMAND", "")
    for name in (named,) if named else ("docker", "podman"):
        if machine.programs.find(name) is not None:
            return posixpath.basename(name)
    return ""


def _sections(seen: Seen, path: str) -> dict[str, Mapping[str, str]]:
    found = configparser.ConfigParser(interpolation=None)
    try:
        found.read_string(seen.text(path) or "")
    except configparser.Error:
        return {}
    return {name: found[name] for name in found.sections()}
