"""A load balancer on loopback."""

from __future__ import annotations

import os
import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from tests.support.live_server import free_port

ALL_REQUIRED = "PRATIQUE_ALL_CLIENTS"
DEADLINE_SECONDS = 30.0


@contextmanager
def nginx_before(folder: Path, hosts: tuple[str, ...]) -> Iterator[str]:
    """A load balancer with its usual behaviour before several servers; its own `HOST:PORT`."""
    nginx = shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin")
    if nginx is None:
        told = "NOT TESTED: nginx is not on this machine (Debian: apt install nginx-light)"
        if os.environ.get(ALL_REQUIRED):
            pytest.fail(f"{told}, and {ALL_REQUIRED} is set")
        pytest.skip(told)
    listen = f"127.0.0.1:{free_port()}"
    upstream = "".join(f"server {host} max_fails=0; " for host in hosts)
    folder.mkdir()
    configuration = folder / "nginx.conf"
    configuration.write_text(
        f"daemon off; pid {folder}/pid; error_log {folder}/error.log; worker_processes 1;\n"
        # Its worker is another user, who may not write into the folders of the test.
        "events {}\nhttp { access_log off; client_max_body_size 0; proxy_max_temp_file_size 0;\n"
        "proxy_request_buffering off;\n"
        f"client_body_temp_path {folder}/body; proxy_temp_path {folder}/proxy;\n"
        f"fastcgi_temp_path {folder}/f; uwsgi_temp_path {folder}/u; scgi_temp_path {folder}/s;\n"
        f"upstream pratique {{ {upstream} keepalive 8; }}\n"
        f"server {{ listen {listen}; location / {{ proxy_pass http://pratique;\n"
        'proxy_http_version 1.1; proxy_set_header Connection "";\n'
        "proxy_set_header Host $http_host; } } }\n"
    )
    process = subprocess.Popen([nginx, "-c", str(configuration)], start_new_session=True)
    try:
        deadline = time.monotonic() + DEADLINE_SECONDS
        while not (folder / "pid").exists():
            assert time.monotonic() < deadline, "nginx did not start"
            assert process.poll() is None, "nginx ended"
            time.sleep(0.05)
        yield listen
    finally:
        process.terminate()
        process.wait(timeout=DEADLINE_SECONDS)
