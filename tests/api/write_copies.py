"""Writes the copies of the documents in `docs/reference`."""

from __future__ import annotations

import json

from tests.api.described import document_of
from tests.api.test_api_documents import COPIES


def main() -> None:
    """Write them all."""
    for path, copy in COPIES.items():
        text = json.dumps(document_of(path), indent=1, ensure_ascii=False)
        copy.write_text(f"{text}\n", encoding="utf-8")


if __name__ == "__main__":
    main()
