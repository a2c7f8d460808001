"""One node that receives a chunk and never comes to its end: to be killed in the middle.

Arguments: the data folder, the bucket's address, the upload's id, bytes to receive before it says
`arrived` and waits.
"""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import AsyncIterator
from pathlib import Path

from tests.support.object_stores import object_stores

from pratique.naming import RepositoryName
from pratique.registry import UploadId
from pratique.storage.blobs.objects import open_bucket


async def _body(size: int) -> AsyncIterator[bytes]:
    for _ in range(0, size, 100_000):
        yield bytes(100_000)
    # Time for the parts that are whole to be stored.
    await asyncio.sleep(0.5)
    sys.stdout.write("arrived\n")
    sys.stdout.flush()
    await asyncio.Event().wait()


def main() -> None:
    """Receive the chunk."""
    data, address, upload_id, size = sys.argv[1:]
    bucket = open_bucket(address, os.environ)
    with object_stores(Path(data), bucket, id_prefix="d") as stores:
        repository = RepositoryName("team/app")
        body = _body(int(size))
        asyncio.run(stores.area.append(repository, UploadId(upload_id), body, None, None))


if __name__ == "__main__":
    main()
