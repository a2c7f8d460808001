"""Azure's client for registries, told to trust a server's own certificate, and a trip with it."""

from __future__ import annotations

import io
import json
from pathlib import Path

import pytest
from azure.containerregistry import ContainerRegistryClient
from azure.core.credentials import TokenCredential
from azure.core.exceptions import HttpResponseError
from azure.core.rest import HttpResponse

AUDIENCE = "https://containerregistry.azure.net"
SCOPE = f"{AUDIENCE}/.default"
MANIFEST_TYPE = "application/vnd.oci.image.manifest.v1+json"
_CONFIG_TYPE = "application/vnd.oci.image.config.v1+json"
_LAYER_TYPE = "application/vnd.oci.image.layer.v1.tar"


def registry_client(
    url: str, certificate: Path, credential: TokenCredential
) -> ContainerRegistryClient:
    """A client that asks once, so that a refusal is seen as it came.

    Args:
        url: of the registry.
        certificate: what to trust.
        credential: asked for tokens of the directory.
    """
    return ContainerRegistryClient(
        url, credential, audience=AUDIENCE, connection_verify=str(certificate), retry_total=0
    )


def round_trip(client: ContainerRegistryClient, repository: str) -> None:
    """Push an image, read it back in all the ways the client has, and delete it."""
    layer, config = b"a layer of " + repository.encode(), b"{}"
    layer_digest, layer_size = client.upload_blob(repository, io.BytesIO(layer))
    config_digest, config_size = client.upload_blob(repository, io.BytesIO(config))
    manifest = {
        "schemaVersion": 2,
        "mediaType": MANIFEST_TYPE,
        "config": {"mediaType": _CONFIG_TYPE, "digest": config_digest, "size": config_size},
        "layers": [{"mediaType": _LAYER_TYPE, "digest": layer_digest, "size": layer_size}],
    }
    digest = client.set_manifest(repository, manifest, tag="v1", media_type=MANIFEST_TYPE)
    found = client.get_manifest(repository, "v1")
    assert found.digest == digest
    assert json.loads(json.dumps(dict(found.manifest or {}))) == manifest
    assert b"".join(client.download_blob(repository, layer_digest)) == layer
    assert repository in list(client.list_repository_names())
    assert [tag.name for tag in client.list_tag_properties(repository)] == ["v1"]
    client.delete_manifest(repository, digest)
    with pytest.raises(HttpResponseError) as gone:
        client.get_manifest(repository, "v1")
    assert gone.value.status_code == 404
    # The client leaves open what it was refused of a stream.
    assert isinstance(gone.value.response, HttpResponse)
    gone.value.response.close()
