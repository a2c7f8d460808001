"""Writes `docs/reference/errors.md` from the tables of the code."""

from __future__ import annotations

import sys

from pratique.http.arm.table import ROUTES as ARM
from pratique.http.dataplane import ROUTES as DATA_PLANE
from pratique.http.management import ROUTES as MANAGEMENT
from pratique.http.sts.faults import Fault
from pratique.http.wire.problems import Problem


def page() -> str:
    """The whole page."""
    lines = [
        "# Errors and addresses",
        "",
        "Made from the tables in the code; a test fails when this page differs from them.",
        "",
        "Every error is JSON: an object `errors` with `code`, `message` and perhaps `detail`. Each",
        "refusal carries a decision id in the header `X-Pratique-Decision`.",
        "",
        "## Errors",
        "",
        "| Status | Code | Meaning |",
        "|---|---|---|",
        *(f"| {p.status} | `{p.code}` | {p.meaning} |" for p in Problem),
        "",
        "## Errors of the directory's token service",
        "",
        "OAuth's errors with Entra ID's numbers: JSON with `error`, `error_codes`, an",
        "`error_description` that begins with `AADSTS` and the number, and a `correlation_id`,",
        "which is the decision id.",
        "",
        "| Status | Error | Number | Meaning |",
        "|---|---|---|---|",
        *(f"| {f.status} | `{f.error}` | {f.number} | {f.meaning} |" for f in Fault),
        "",
        "## Data plane",
        "",
        "HEAD is GET without the body.",
        "",
        "| Method | Address | Action |",
        "|---|---|---|",
        *(f"| {r.method} | `{r.template}` | `{r.action.word}` |" for r in DATA_PLANE),
        "",
        "## Management API",
        "",
        "Described in [openapi.json](openapi.json), which is served at `/api/v1/openapi.json` to",
        "whoever is proved.",
        "",
        "| Method | Address | Permission |",
        "|---|---|---|",
        *(f"| {r.method} | `{r.template}` | `{r.permission}` |" for r in MANAGEMENT),
        "",
        "## Resource manager and Graph",
        "",
        "Errors are JSON: an object `error` with `code` and `message`. Rows without a permission",
        "show what the caller may read. `/metadata/endpoints` is for everybody. Described in",
        "[openapi-azure.json](openapi-azure.json), served at `/api/v1/openapi-azure.json`.",
        "",
        "| Method | Address | Permission |",
        "|---|---|---|",
        *(f"| {r.method} | `{r.template}` | {_code(r.permission)} |" for r in ARM),
        "",
    ]
    return "\n".join(lines)


def _code(text: str) -> str:
    return f"`{text}`" if text else "none"


if __name__ == "__main__":
    sys.stdout.write(page())
