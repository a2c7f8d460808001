"""A programme that gets tokens with Azure's own client libraries, case by case.

Standard input has a JSON list of cases, each with the `environment` that it needs, the `client`,
and what `names` the identity. Standard output has a JSON list: the token, or the error's words.
"""

from __future__ import annotations

import json
import os
import sys
from typing import Any

import msal
import requests
from azure.identity import DefaultAzureCredential, ManagedIdentityCredential

_SCOPE = "https://containerregistry.azure.net"


def main() -> None:
    """Do all cases."""
    print(json.dumps([_done(case) for case in json.load(sys.stdin)]))  # noqa: T201 - as it is told


def _done(case: dict[str, Any]) -> dict[str, Any]:
    for name in ("AZURE_POD_IDENTITY_AUTHORITY_HOST", "IDENTITY_ENDPOINT", "IDENTITY_HEADER"):
        os.environ.pop(name, None)
    for name in ("IMDS_ENDPOINT", "MSI_ENDPOINT", "MSI_SECRET"):
        os.environ.pop(name, None)
    os.environ.update(case["environment"])
    try:
        return {"token": _CLIENTS[case["client"]](case["names"])}
    except Exception as error:  # noqa: BLE001 - whatever it is, it is what the user sees
        return {"error": type(error).__name__, "words": str(error)}


def _by_azure_identity(names: dict[str, str]) -> str:
    client_id = names.get("client_id")
    others = {key: value for key, value in names.items() if key != "client_id"}
    with ManagedIdentityCredential(
        client_id=client_id, identity_config=others or None, retry_total=0
    ) as credential:
        token: str = credential.get_token(f"{_SCOPE}/.default").token
        return token


def _by_default(names: dict[str, str]) -> str:
    with DefaultAzureCredential(
        managed_identity_client_id=names.get("client_id"),
        exclude_environment_credential=True,
        exclude_workload_identity_credential=True,
        exclude_shared_token_cache_credential=True,
        exclude_visual_studio_code_credential=True,
        exclude_cli_credential=True,
        exclude_powershell_credential=True,
        exclude_developer_cli_credential=True,
        exclude_broker_credential=True,
    ) as credential:
        token: str = credential.get_token(f"{_SCOPE}/.default").token
        return token


def _by_msal(names: dict[str, str]) -> str:
    identity = (
        msal.UserAssignedManagedIdentity(**names) if names else msal.SystemAssignedManagedIdentity()
    )
    with requests.Session() as session:
        client = msal.ManagedIdentityClient(identity, http_client=session)
        result = client.acquire_token_for_client(resource=_SCOPE)
    if "access_token" not in result:
        raise LookupError(json.dumps(result))
    return str(result["access_token"])


_CLIENTS = {"azure-identity": _by_azure_identity, "default": _by_default, "msal": _by_msal}


if __name__ == "__main__":
    main()
