"""The recorded words in `docs/reference/client-words.md`, made from what the tests assert.

Run `python -m tests.clients.words_page` in the project's folder after the recorded words changed.
"""

from __future__ import annotations

from pathlib import Path

from tests.clients.printed import PRINTED, RECORDED_WITH
from tests.clients.words import SENTENCES, Situation

PAGE = Path(__file__).parents[2] / "docs" / "reference" / "client-words.md"

TITLES = {
    "docker": "Docker Engine",
    "ctr": "containerd (`ctr`)",
    "podman": "Podman",
    "buildah": "Buildah",
    "skopeo": "Skopeo",
    "oras-python": "oras for Python",
    "crane": "crane",
    "oras": "oras",
    "regctl": "regctl",
    "helm": "Helm",
}

_BEGIN = "<!-- recorded words: begin -->\n"
_END = "<!-- recorded words: end -->\n"


def with_recorded_words(page: str) -> str:
    """`page` with everything between the two marks made anew.

    Args:
        page: text that holds both marks.

    Raises:
        ValueError: a mark is missing.
    """
    begin, end = page.index(_BEGIN) + len(_BEGIN), page.index(_END)
    return f"{page[:begin]}\n{_recorded_words()}\n{page[end:]}"


def main() -> None:
    """Write the page anew."""
    PAGE.write_text(with_recorded_words(PAGE.read_text()))


def _recorded_words() -> str:
    parts = []
    for situation in Situation:
        parts += [f"## What is printed {situation.value}\n", f"`W` is:\n\n{_fenced(situation)}"]
        parts += [
            f"{TITLES[kind]} {RECORDED_WITH[kind]}:\n\n```text\n{words}\n```\n"
            for kind, words in _printed_in(situation)
        ]
        silent = [TITLES[kind] for kind in PRINTED if PRINTED[kind][situation] is None]
        if silent:
            parts.append(f"Not asked of the registry by: {', '.join(silent)}.\n")
    return "\n".join(parts)


def _fenced(situation: Situation) -> str:
    return f"```text\n{SENTENCES[situation]}\n```\n"


def _printed_in(situation: Situation) -> list[tuple[str, str]]:
    return [
        (kind, words)
        for kind, by_situation in PRINTED.items()
        if (words := by_situation[situation]) is not None
    ]


if __name__ == "__main__":
    main()
