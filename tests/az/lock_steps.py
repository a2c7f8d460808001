"""What Azure's registry SDK does with locks; run by the interpreter that az runs in."""

from __future__ import annotations

import json
import sys
from typing import Any

from azure.containerregistry import ContainerRegistryClient
from azure.core.exceptions import HttpResponseError
from azure.identity import ClientSecretCredential

server, tenant, boss, boss_secret, repository, tag, digest = sys.argv[1:]
credential = ClientSecretCredential(
    tenant, boss, boss_secret, authority=server, disable_instance_discovery=True
)
found: dict[str, Any] = {}


def attributes(properties: Any) -> list[bool]:
    """As the SDK has them."""
    return [
        properties.can_delete,
        properties.can_write,
        properties.can_list,
        properties.can_read,
    ]


with ContainerRegistryClient(server, credential, retry_total=0) as client:
    changed = client.update_tag_properties(repository, tag, can_write=False, can_delete=False)
    found["tag"] = attributes(changed)
    found["tag, shown"] = attributes(client.get_tag_properties(repository, tag))
    try:
        client.delete_tag(repository, tag)
    except HttpResponseError as error:
        found["refused"] = [error.status_code, str(error)]
    client.update_tag_properties(repository, tag, can_write=True, can_delete=True)
    changed_manifest = client.update_manifest_properties(repository, digest, can_read=False)
    found["manifest"] = attributes(changed_manifest)
    try:
        client.get_manifest(repository, tag)
    except HttpResponseError as error:
        # Of a manifest the SDK says no more.
        found["not pulled"] = error.status_code
    client.update_manifest_properties(repository, digest, can_read=True, can_list=False)
    found["manifests"] = [m.digest for m in client.list_manifest_properties(repository)]
    client.update_manifest_properties(repository, digest, can_list=True)
    changed_repository = client.update_repository_properties(repository, can_delete=False)
    found["repository"] = attributes(changed_repository)
    try:
        client.delete_repository(repository)
    except HttpResponseError as error:
        found["kept"] = [error.status_code, str(error)]
    client.update_repository_properties(repository, can_delete=True)
    client.delete_repository(repository)
    found["gone"] = repository not in list(client.list_repository_names())
sys.stdout.write(json.dumps(found))
