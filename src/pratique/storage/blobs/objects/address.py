"""Which bucket the operator means: an address, and the environment of its cloud.

```text
s3://BUCKET/PREFIX       AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, AWS_REGION, AWS_ENDPOINT_URL, ...
az://CONTAINER/PREFIX    AZURE_STORAGE_ACCOUNT_NAME, AZURE_STORAGE_ACCOUNT_KEY, ..._ENDPOINT, or
                         AZURE_STORAGE_CONNECTION_STRING
gs://BUCKET/PREFIX       GOOGLE_APPLICATION_CREDENTIALS, ...
```

The query of the address may name what is no secret: `endpoint`, `public_endpoint` (where clients
reach the same store), `region` and `virtual_hosted` for S3, `account` for Azure.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any, Final
from urllib.parse import parse_qsl, urlsplit

from obstore.store import AzureStore, GCSStore, S3Store

from pratique.storage.blobs.objects.bucket import Bucket, Signer

_KINDS: Final[Mapping[str, tuple[type[S3Store | AzureStore | GCSStore], str]]] = {
    "s3": (S3Store, "the bucket"),
    "az": (AzureStore, "the container"),
    "gs": (GCSStore, "the bucket"),
}
_OPTIONS: Final = {
    "s3": frozenset({"endpoint", "public_endpoint", "region", "virtual_hosted"}),
    "az": frozenset({"endpoint", "public_endpoint", "account"}),
    "gs": frozenset({"endpoint"}),
}
_CONFIG_OF_OPTION: Final = {
    ("s3", "virtual_hosted"): "virtual_hosted_style_request",
    ("az", "account"): "account_name",
    ("gs", "endpoint"): "base_url",
}
_ENDPOINTS_IN_ENVIRONMENT: Final = {
    "s3": ("AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL", "AWS_ENDPOINT"),
    "az": ("AZURE_STORAGE_ENDPOINT", "AZURE_ENDPOINT"),
    "gs": (),
}
_PARTS_OF_CONNECTION: Final = {
    "AccountName": "account_name",
    "AccountKey": "account_key",
    "BlobEndpoint": "endpoint",
}
REQUEST_SECONDS: Final = 60
READ_HOURS: Final = 6
RETRIES: Final = 4
RETRY_SECONDS: Final = 60


class NoSuchPlace(ValueError):
    """The address of the blobs cannot be used; the words say what to write."""


def open_bucket(address: str, environment: Mapping[str, str]) -> Bucket:
    """The bucket at an address. Asks nothing of it yet.

    Args:
        address: as in the module's docstring.
        environment: of the process; obstore reads the credentials from the real one itself.

    Raises:
        NoSuchPlace: the address or the environment does not say which bucket, or not how.
    """
    url = urlsplit(address)
    if url.scheme not in _KINDS or not url.hostname:
        raise NoSuchPlace("write the place of blobs as s3://BUCKET, az://CONTAINER or gs://BUCKET")
    if "@" in url.netloc or ":" in url.netloc:
        raise NoSuchPlace("the address of blobs holds no credentials; give them in the environment")
    kind, words = _KINDS[url.scheme]
    options = _options(url.scheme, url.query)
    public = options.pop("public_endpoint", None)
    config = _config(url.scheme, options, environment)
    made = {"config": config, "prefix": url.path.strip("/") or None}
    try:
        store = kind(url.netloc, **_with_deadline(made, timedelta(seconds=REQUEST_SECONDS)))
        reader = kind(url.netloc, **_with_deadline(made, timedelta(hours=READ_HOURS)))
        signer: Signer = store
        if public is not None:
            elsewhere = {**made, "config": {**config, "endpoint": public}}
            signer = kind(url.netloc, **_with_deadline(elsewhere, timedelta(seconds=1)))
    except Exception as error:
        raise NoSuchPlace(f"{words} {url.netloc} cannot be used: {_first_line(error)}") from error
    return Bucket(store, reader, signer, f"{words} `{url.netloc}`")


def _options(scheme: str, query: str) -> dict[str, str]:
    options = dict(parse_qsl(query, keep_blank_values=True))
    for name in options:
        if name not in _OPTIONS[scheme]:
            known = ", ".join(f"`{each}`" for each in sorted(_OPTIONS[scheme]))
            raise NoSuchPlace(
                f"the address of blobs has the unknown option `{name}`; {scheme}:// knows {known}"
            )
    return options


def _config(
    scheme: str, options: Mapping[str, str], environment: Mapping[str, str]
) -> dict[str, Any]:
    config: dict[str, Any] = {}
    if scheme == "az":
        config |= _of_connection(environment.get("AZURE_STORAGE_CONNECTION_STRING", ""))
    for name in reversed(_ENDPOINTS_IN_ENVIRONMENT[scheme]):
        if environment.get(name):
            config["endpoint"] = environment[name]
    config |= {_CONFIG_OF_OPTION.get((scheme, name), name): text for name, text in options.items()}
    return config


def _of_connection(text: str) -> dict[str, str]:
    pairs = (pair.partition("=") for pair in text.split(";") if pair)
    return {_PARTS_OF_CONNECTION[k]: v for k, _, v in pairs if k in _PARTS_OF_CONNECTION}


def _with_deadline(made: Mapping[str, Any], deadline: timedelta) -> dict[str, Any]:
    endpoint = str(made["config"].get("endpoint") or made["config"].get("base_url") or "")
    client = {
        "timeout": deadline,
        "connect_timeout": timedelta(seconds=5),
        # Only where the operator wrote it so: every other address is encrypted.
        "allow_http": endpoint.startswith("http://"),
    }
    retries = {"max_retries": RETRIES, "retry_timeout": timedelta(seconds=RETRY_SECONDS)}
    return {**made, "client_options": client, "retry_config": retries}


def _first_line(error: Exception) -> str:
    return str(error).partition("\n")[0]
