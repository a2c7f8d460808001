"""Addresses of buckets, and what they are told with."""

from __future__ import annotations

from datetime import timedelta
from urllib.parse import parse_qs, urlsplit

import pytest

from pratique.registry import StorageFailed
from pratique.registry.object_ports import ObjectName
from pratique.storage.blobs.objects import NoSuchPlace, open_bucket
from pratique.storage.blobs.objects.faults import fault_of
from pratique.testing.loops import in_loop

NAME = ObjectName("0123456789abcdef", "part")
KEY = "c2VjcmV0"


@pytest.fixture(autouse=True)
def credentials(monkeypatch: pytest.MonkeyPatch) -> None:
    """Those of each cloud, where its programmes expect them."""
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "key")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
    monkeypatch.setenv("AZURE_STORAGE_ACCOUNT_KEY", KEY)
    for name in ("AWS_REGION", "AWS_ENDPOINT_URL", "AZURE_STORAGE_ACCOUNT_NAME"):
        monkeypatch.delenv(name, raising=False)


@pytest.mark.parametrize(
    ("address", "words"),
    [
        ("/var/lib/blobs", "s3://BUCKET"),
        ("https://example.org/bucket", "s3://BUCKET"),
        ("s3://", "s3://BUCKET"),
        ("s3://key:secret@bucket", "give them in the environment"),
        ("s3://bucket?secret_access_key=x", "unknown option `secret_access_key`"),
        ("gs://bucket?region=x", "gs:// knows `endpoint`"),
        ("az://container", "the container container cannot be used"),
    ],
)
def test_refuses(address: str, words: str) -> None:
    """What it cannot use is told with what to write, and without what may be secret."""
    with pytest.raises(NoSuchPlace) as refused:
        open_bucket(address, {})
    assert words in str(refused.value)
    assert "secret@" not in str(refused.value)


@pytest.mark.parametrize(
    ("address", "environment", "expected"),
    [
        ("s3://b/p?region=eu-north-1", {}, "https://s3.eu-north-1.amazonaws.com/b/p/data/"),
        ("s3://b?endpoint=http://in:9", {}, "http://in:9/b/data/"),
        ("s3://b", {"AWS_ENDPOINT_URL": "http://env:9"}, "http://env:9/b/data/"),
        (
            "s3://b?endpoint=http://in:9",
            {"AWS_ENDPOINT_URL": "http://env:9"},
            "http://in:9/b/data/",
        ),
        (
            "s3://b?endpoint=http://in:9&public_endpoint=https://out.example",
            {},
            "https://out.example/b/data/",
        ),
        (
            "s3://b?endpoint=https://b.out.example&virtual_hosted=true",
            {},
            "https://b.out.example/data/",
        ),
        ("az://c/p?account=acme", {}, "https://acme.blob.core.windows.net/c/p/data/"),
        (
            "az://c",
            {
                "AZURE_STORAGE_CONNECTION_STRING": (
                    "DefaultEndpointsProtocol=https;AccountName=acme;"
                    f"AccountKey={KEY};BlobEndpoint=http://in:9/acme"
                )
            },
            "http://in:9/acme/c/data/",
        ),
    ],
)
@in_loop
async def test_where_clients_are_sent(
    address: str, environment: dict[str, str], expected: str
) -> None:
    """The address that is signed for a client is that of the store as the client reaches it."""
    bucket = open_bucket(address, environment)
    signed = await bucket.address(NAME, timedelta(seconds=90))
    assert signed is not None
    url = urlsplit(signed)
    assert f"{url.scheme}://{url.netloc}{url.path}" == f"{expected}{NAME.text}"
    query = parse_qs(url.query)
    if address.startswith("s3"):
        assert query["X-Amz-Expires"] == ["90"]
    else:
        assert query["sp"] == ["r"]


def test_faults_hold_no_signature() -> None:
    """What stood in the query of an address is not in the words for the log."""
    error = FileNotFoundError("GET http://in/c/x?sv=1&sig=very-secret 404: gone\n\nDebug source:")
    told = fault_of(error, "the container `c`", "reading x")
    assert isinstance(told, StorageFailed)
    assert "http://in/c/x?..." in told.detail
    assert "very-secret" not in told.detail
