"""One step of the Python library `oras`: push or pull, as the user named, password on stdin.

The library repeats a refused request five times over two minutes. The waiting is left out here;
what it asks and what it prints stay as they are.
"""

from __future__ import annotations

import hashlib
import sys
import time
from typing import SupportsIndex

import oras.client
import oras.oci


def main(verb: str, reference: str, user_name: str, password: str) -> str:
    """Carry out one step; gives what to print.

    Args:
        verb: `push` or `pull`.
        reference: host, repository and tag.
        user_name: empty for nobody.
        password: of that user.
    """
    host, _, path = reference.partition("/")
    # Its token backend keeps the first token it gets, which is for pulling, and cannot push.
    backend = "basic" if verb == "push" and user_name else "token"
    client = oras.client.OrasClient(hostname=host, insecure=True, auth_backend=backend)
    if user_name:
        client.login(hostname=host, username=user_name, password=password)
    if verb == "push":
        client.push(target=reference, files=["words.bin"])
        return "pushed"
    client.pull(target=reference, outdir="pulled")
    repository, _, tag = path.rpartition(":")
    answer = client.do_request(
        f"http://{host}/v2/{repository}/manifests/{tag}",
        headers={"Accept": "application/vnd.oci.image.manifest.v1+json"},
    )
    return f"digest sha256:{hashlib.sha256(answer.content).hexdigest()}"


def no_wait(_seconds: SupportsIndex | float) -> None:
    """Return at once."""


if __name__ == "__main__":
    time.sleep = no_wait
    try:
        words = main(sys.argv[1], sys.argv[2], sys.argv[3], sys.stdin.read())
    except Exception as problem:  # noqa: BLE001 - whatever it raises is what its user sees
        sys.stdout.write(f"{type(problem).__name__}: {problem}\n")
        sys.exit(1)
    sys.stdout.write(f"{words}\n")
