"""Every route of the data plane by every kind of caller."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass

import pytest
from tests.wire.kinds import KINDS, REPOSITORY, Kind, kinds_of_roles_and_maps
from tests.wire.kinds_of_identity import ISSUERS, KINDS_OF_IDENTITY

from pratique.http.dataplane import ROUTES
from pratique.testing.loops import in_loop
from pratique.testing.registry_in_memory import RegistryInMemory, header

MANIFEST_TYPE = "application/vnd.oci.image.manifest.v1+json"


def digest_of(content: bytes) -> str:
    """The sha256 digest of `content`."""
    return f"sha256:{hashlib.sha256(content).hexdigest()}"


CONFIG = b"{}"
LAYER = b"a layer"
LOOSE = b"a blob that nothing references"
MANIFEST = json.dumps(
    {
        "schemaVersion": 2,
        "mediaType": MANIFEST_TYPE,
        "config": {
            "mediaType": "application/vnd.oci.image.config.v1+json",
            "digest": digest_of(CONFIG),
            "size": len(CONFIG),
        },
        "layers": [
            {
                "mediaType": "application/vnd.oci.image.layer.v1.tar",
                "digest": digest_of(LAYER),
                "size": len(LAYER),
            }
        ],
    }
).encode()


@dataclass(frozen=True)
class Visit:
    """How a route is asked, and what it answers those who may."""

    method: str
    address: str
    action: str
    success: int
    body: bytes = b""
    content_type: str | None = None


JSON, UNLOCKED = "application/json", b'{"writeEnabled": true}'
ROOT = f"/v2/{REPOSITORY}"
UPLOAD = f"{ROOT}/blobs/uploads/UPLOAD"
ACR = f"/acr/v1/{REPOSITORY}"

VISITS: dict[str, tuple[Visit, ...]] = {
    "get_manifest": (
        Visit("GET", f"{ROOT}/manifests/v1", "pull", 200),
        Visit("HEAD", f"{ROOT}/manifests/{digest_of(MANIFEST)}", "pull", 200),
        Visit("GET", f"{ROOT}/manifests/absent", "pull", 404),
    ),
    "get_blob": (
        Visit("GET", f"{ROOT}/blobs/{digest_of(LAYER)}", "pull", 200),
        Visit("HEAD", f"{ROOT}/blobs/{digest_of(b'absent')}", "pull", 404),
    ),
    "put_manifest": (Visit("PUT", f"{ROOT}/manifests/v2", "push", 201, MANIFEST, MANIFEST_TYPE),),
    "delete_manifest": (Visit("DELETE", f"{ROOT}/manifests/v1", "delete", 202),),
    "delete_blob": (Visit("DELETE", f"{ROOT}/blobs/{digest_of(LOOSE)}", "delete", 202),),
    "open_upload": (
        Visit("POST", f"{ROOT}/blobs/uploads/", "push", 202),
        Visit("POST", f"{ROOT}/blobs/uploads/?digest={digest_of(b'x')}", "push", 201, b"x"),
    ),
    "get_upload": (Visit("GET", UPLOAD, "push", 204),),
    "append_to_upload": (Visit("PATCH", UPLOAD, "push", 202, b"chunk"),),
    "finish_upload": (Visit("PUT", f"{UPLOAD}?digest={digest_of(b'y')}", "push", 201, b"y"),),
    "cancel_upload": (Visit("DELETE", UPLOAD, "push", 204),),
    "get_referrers": (Visit("GET", f"{ROOT}/referrers/{digest_of(MANIFEST)}", "pull", 200),),
    "list_tags": (Visit("GET", f"{ROOT}/tags/list", "metadata_read", 200),),
    "list_catalog": (
        Visit("GET", "/v2/_catalog", "catalog", 200),
        Visit("GET", "/acr/v1/_catalog", "catalog", 200),
    ),
    "list_tag_objects": (Visit("GET", f"{ACR}/_tags", "metadata_read", 200),),
    "delete_tag": (Visit("DELETE", f"{ACR}/_tags/v1", "delete", 202),),
    "list_manifest_objects": (Visit("GET", f"{ACR}/_manifests", "metadata_read", 200),),
    "get_tag": (Visit("GET", f"{ACR}/_tags/v1", "metadata_read", 200),),
    "get_manifest_object": (
        Visit("GET", f"{ACR}/_manifests/{digest_of(MANIFEST)}", "metadata_read", 200),
    ),
    "get_repository": (Visit("GET", ACR, "metadata_read", 200),),
    "change_tag": (Visit("PATCH", f"{ACR}/_tags/v1", "metadata_write", 200, UNLOCKED, JSON),),
    "change_manifest": (
        Visit(
            *("PATCH", f"{ACR}/_manifests/{digest_of(MANIFEST)}", "metadata_write", 200),
            *(UNLOCKED, JSON),
        ),
    ),
    "change_repository": (Visit("PATCH", ACR, "metadata_write", 200, UNLOCKED, JSON),),
    "delete_repository": (Visit("DELETE", ACR, "delete", 202),),
}


async def fill(registry: RegistryInMemory) -> str:
    """Put the image into the repository, and open an upload there; the upload's id."""
    for content in (CONFIG, LAYER, LOOSE):
        address = f"{ROOT}/blobs/uploads/?digest={digest_of(content)}"
        await registry.ask("POST", address, body=content, inside=True)
    headers = {"content-type": MANIFEST_TYPE}
    address = f"{ROOT}/manifests/v1"
    pushed = await registry.ask("PUT", address, headers=headers, body=MANIFEST, inside=True)
    assert pushed.status == 201
    opened = await registry.ask("POST", f"{ROOT}/blobs/uploads/", inside=True)
    return str(header(opened, "docker-upload-uuid"))


@pytest.mark.parametrize("kind", [*KINDS, *KINDS_OF_IDENTITY], ids=lambda kind: kind.name)
@in_loop
async def test_every_route_answers_this_kind_as_the_table_says(kind: Kind) -> None:
    """A caller is admitted to what it is granted, and turned away from everything else."""
    registry = await RegistryInMemory.start(issuers=ISSUERS)
    try:
        headers = await kind.present(registry)
        found, expected = {}, {}
        for number, visit in enumerate(v for visits in VISITS.values() for v in visits):
            # Wrong sign-ins from one address would soon be answered with 429.
            registry.client = f"192.0.2.{number}"
            upload = await fill(registry)
            sent = dict(headers)
            if visit.content_type:
                sent["content-type"] = visit.content_type
            address = visit.address.replace("UPLOAD", upload)
            answer = await registry.ask(visit.method, address, headers=sent, body=visit.body)
            name = f"{visit.method} {visit.address}"
            found[name] = answer.status
            expected[name] = visit.success if visit.action in kind.granted else kind.refused_with
        checked = await registry.ask("GET", "/v2/", headers=headers)
        found["GET /v2/"], expected["GET /v2/"] = checked.status, 200 if kind.known else 401
    finally:
        registry.stop()
    assert expected == found


def test_the_matrix_has_a_row_for_every_route() -> None:
    """A new route fails this test until the matrix says who may use it."""
    assert {route.name for route in ROUTES} == set(VISITS)
    asked = {(v.method, v.action) for visits in VISITS.values() for v in visits}
    assert {(route.method, route.action.word) for route in ROUTES} <= asked


def test_the_matrix_has_every_role_and_every_system_scope_map() -> None:
    """A new role or scope map fails this test until the matrix says what it may do."""
    assert kinds_of_roles_and_maps() <= {kind.name for kind in KINDS}
