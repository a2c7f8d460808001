"""nginx, the limit of the machine: static files under the paths of a registry, open to all.

`tcp_nopush` stays off: with it, on loopback, each small range waits 40 ms for an acknowledgement.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from benchmarks.content import MANIFEST_TYPE, Content
from benchmarks.peers.server import NGINX, Server, first_line_of
from benchmarks.processes import free_port, running

_CONFIGURATION = """\
daemon off;
worker_processes {workers};
pid {folder}/nginx.pid;
error_log stderr;
{user}
events {{ worker_connections 1024; }}
http {{
    access_log off;
    sendfile on;
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


@contextmanager
def nginx(folder: Path, programme: str, content: Content, workers: int) -> Iterator[Server]:
    """Serve the images as static files, under the paths a registry would use."""
    _lay(folder / "root", content)
    port = free_port()
    configuration = folder / "nginx.conf"
    configuration.write_text(
        _CONFIGURATION.format(
            workers=workers,
            folder=folder,
            # Started by root, nginx would read the private folder as somebody else.
            user="user root;" if os.geteuid() == 0 else "",
            media_type=MANIFEST_TYPE,
            port=port,
        )
    )
    command = [programme, "-c", str(configuration), "-e", "stderr"]
    url = f"http://127.0.0.1:{port}"
    version = first_line_of([programme, "-v"])
    with running(command, url, folder / "nginx.log") as started:
        yield Server(NGINX, url, started.process_id, version, "none", takes_pushes=False)


def _lay(root: Path, content: Content) -> None:
    for image in content.images:
        for blob in image.blobs:
            link = root / image.blob_path(blob).lstrip("/")
            link.parent.mkdir(parents=True, exist_ok=True)
            link.hardlink_to(blob.path)
        manifest = root / image.manifest_path.lstrip("/")
        manifest.parent.mkdir(parents=True)
        manifest.write_bytes(image.manifest)
