"""What clients print, made comparable: names, ids and times become their placeholders."""

from __future__ import annotations

import re

from tests.clients.registry_clients import Reference


def normalise(text: str, reference: Reference, name: str) -> str:
    """`text` with placeholders for what differs from run to run; sentences stay as they are.

    Args:
        text: what a client printed.
        reference: what it was about.
        name: display name of who asked; empty for nobody.
    """
    link = rf"http://{re.escape(reference.host)}/help/authorization[^\s,]*"
    replacements = [
        (r'time="?[^" ]*"?\s+(?=level=)', ""),
        (r"oauth2/token\?[^\s:\"]*", "oauth2/token?QUERY"),
        (link, "LINK"),
        (r"Decision: [0-9A-Za-z-]+", "Decision: ID"),
        (r"sha256:[0-9a-f]{64}", "DIGEST"),
        (r"\b[0-9a-f]{64}\b", "ID"),
        (r"\d{4}-\d\d-\d\d \d\d:\d\d(?= UTC)", "WHEN"),
        (r"try again in \d+ seconds", "try again in N seconds"),
        (re.escape(reference.host), "HOST"),
        (re.escape(reference.repository), "REPO"),
        (rf"(?<=[:/ `\"]){re.escape(reference.tag)}(?![0-9])", "TAG"),
    ]
    if name:
        replacements.append((rf"`{re.escape(name)}`", "`NAME`"))
    for pattern, placeholder in replacements:
        text = re.sub(pattern, placeholder, text)
    return text
