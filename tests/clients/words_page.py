"""The recorded parts of `docs/reference/client-words.md`, made from what the tests assert.

Run `python -m tests.clients.words_page` in the project's folder after the recording changed.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from pathlib import Path

from tests.clients import printed
from tests.clients.printed import Recording, Refusal, Told
from tests.clients.situations import NOT_MEASURED, Situation

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
_NOT_ASKED = "-"


def with_recording(page: str, recordings: Mapping[str, Recording]) -> str:
    """`page` with everything between its marks made anew.

    Args:
        page: text that holds a mark for the beginning and the end of each recorded part.
        recordings: by kind of client.

    Raises:
        ValueError: a mark is missing.
    """
    parts = {
        "table": ["", *_matrix(recordings)],
        "sentences": ["", *_sentences()],
        "words": ["", *_words(recordings)],
    }
    for name, lines in parts.items():
        begin_mark, end_mark = f"<!-- {name}: begin -->\n", f"<!-- {name}: end -->"
        begin, end = page.index(begin_mark) + len(begin_mark), page.index(end_mark)
        page = page[:begin] + "\n".join([*lines, "", page[end:]])
    return page


def main() -> None:
    """Write the page anew."""
    PAGE.write_text(with_recording(PAGE.read_text(), printed.read()))


def _matrix(recordings: Mapping[str, Recording]) -> list[str]:
    """Situation and client: does the person read the reason?"""
    rows = [["Situation", "Who refuses", *TITLES, "reason"]]
    rows.append(["---"] * len(rows[0]))
    for situation in Situation:
        taken = {kind: recordings[kind].refusals[situation] for kind in TITLES}
        asked = [refusal for refusal in taken.values() if refusal is not None]
        read = sum(refusal.told is Told.REASON for refusal in asked)
        cells = [refusal.told if refusal else _NOT_ASKED for refusal in taken.values()]
        who = ", ".join(_places(asked))
        rows.append([situation.title, who, *cells, f"{read} of {len(asked)}"])
    table = [f"| {' | '.join(cells)} |" for cells in rows]
    absent = [f"- {title}: {why}" for title, why in NOT_MEASURED.items()]
    return [*table, "", *absent]


def _places(refusals: Iterable[Refusal]) -> list[str]:
    """Status and place of refusals, the most frequent first, methods left out."""
    counted = Counter(_without_method(refusal.refused_by) for refusal in refusals)
    return [place for place, _ in counted.most_common()]


def _without_method(refused_by: str) -> str:
    status, _, rest = refused_by.partition(" ")
    place = rest if rest == "token endpoint" else rest.partition(" ")[2]
    return f"{status} {place}"


def _sentences() -> list[str]:
    lines: list[str] = []
    for sentence in dict.fromkeys(situation.sentence for situation in Situation):
        titles = [situation.title for situation in Situation if situation.sentence == sentence]
        lines += [f"{_list(titles)}:", "", *_fenced(sentence), ""]
    return lines[:-1]


def _words(recordings: Mapping[str, Recording]) -> list[str]:
    """Client by client, what was printed, each once with the situations in which it was."""
    lines: list[str] = []
    for kind, title in TITLES.items():
        recording = recordings[kind]
        lines += [f"### {title} {recording.version}", ""]
        taken = {s: r for s in Situation if (r := recording.refusals[s]) is not None}
        for refusal in dict.fromkeys(taken.values()):
            titles = [situation.title for situation in taken if taken[situation] == refusal]
            lines += [f"{_list(titles)} ({refusal.refused_by}):", "", *_fenced(refusal.words), ""]
        silent = [situation.title for situation in Situation if situation not in taken]
        if silent:
            lines += [f"{_list(silent)}: nothing, since the registry is not asked.", ""]
    return lines[:-1]


def _list(titles: Iterable[str]) -> str:
    text = "; ".join(titles)
    return f"{text[:1].upper()}{text[1:]}"


def _fenced(text: str) -> list[str]:
    return ["```text", text, "```"]


if __name__ == "__main__":
    main()
