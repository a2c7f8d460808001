"""`python -m benchmarks.scaling`: puts the tables into `docs/scale.md`."""

from __future__ import annotations

from pathlib import Path

from benchmarks.scaling.costs import measured
from benchmarks.scaling.paper import END, START, tables

PAPER = Path(__file__).parents[2] / "docs" / "scale.md"


def main() -> None:
    """Replace what stands between the marks."""
    before, _, rest = PAPER.read_text(encoding="utf-8").partition(START)
    _, _, after = rest.partition(END)
    PAPER.write_text(f"{before}{START}\n{tables(measured())}\n{END}{after}", encoding="utf-8")


if __name__ == "__main__":
    main()
