"""The two to compare with: nginx, the limit of the machine, and `docker-registry`, the rival.

Both are configured to do as little as possible: no access log, no authentication.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from benchmarks.client import push
from benchmarks.processes import free_port, running
from benchmarks.sample import ACCEPT, MANIFEST_TYPE, Sample

NGINX = "nginx"
DISTRIBUTION = "docker-registry"
PRATIQUE = "pratique"

NGINX_CONFIGURATION = """\
daemon off;
worker_processes {workers};
pid {folder}/nginx.pid;
error_log stderr;
{user}
events {{ worker_connections 1024; }}
http {{
    access_log off;
    sendfile on;
    tcp_nopush on;
    keepalive_requests 100000000;
    client_body_temp_path {folder}/client;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    types {{ }}
    default_type {media_type};
    server {{
        listen 127.0.0.1:{port};
        root {folder}/root;
    }}
}}
"""


@dataclass(frozen=True)
class Server:
    """A server that holds the sample.

    Attributes:
        name: one of the three names above.
        url: without a path.
        process_id: of its first process.
        headers: what a pull has to carry.
    """

    name: str
    url: str
    process_id: int
    headers: Mapping[str, str]


@contextmanager
def nginx(folder: Path, sample: Sample, workers: int) -> Iterator[Server]:
    """Serve the sample as static files, under the paths a registry would use."""
    root = folder / "root"
    for blob in sample.blobs:
        link = root / blob.pull_path.lstrip("/")
        link.parent.mkdir(parents=True, exist_ok=True)
        link.hardlink_to(blob.path)
    manifest = root / sample.manifest_path.lstrip("/")
    manifest.parent.mkdir(parents=True)
    manifest.write_bytes(sample.manifest)
    port = free_port()
    configuration = folder / "nginx.conf"
    configuration.write_text(
        NGINX_CONFIGURATION.format(
            workers=workers,
            folder=folder,
            # Started by root, nginx would read the private folder as somebody else.
            user="user root;" if os.geteuid() == 0 else "",
            media_type=MANIFEST_TYPE,
            port=port,
        )
    )
    command = ["nginx", "-c", str(configuration), "-e", "stderr"]
    url = f"http://127.0.0.1:{port}"
    with running(command, url, folder / "nginx.log") as started:
        yield Server(NGINX, url, started.process_id, ACCEPT)


@contextmanager
def distribution(folder: Path, sample: Sample) -> Iterator[Server]:
    """Serve the sample from Debian's `docker-registry` 2.8, filesystem storage, open to all."""
    port = free_port()
    # The programme reads YAML, of which JSON is a part.
    configuration = {
        "version": 0.1,
        "log": {"level": "error", "accesslog": {"disabled": True}},
        "storage": {
            "filesystem": {"rootdirectory": str(folder / "data")},
            "cache": {"blobdescriptor": "inmemory"},
        },
        "http": {"addr": f"127.0.0.1:{port}"},
    }
    file = folder / "config.yml"
    file.write_text(json.dumps(configuration))
    url = f"http://127.0.0.1:{port}"
    command = ["docker-registry", "serve", str(file)]
    with running(command, f"{url}/v2/", folder / "docker-registry.log") as started:
        push(url, sample, {})
        yield Server(DISTRIBUTION, url, started.process_id, ACCEPT)
