"""Scores of documents against labelled sentences, by the frozen scorer of lines in the shared folder: which of the live ones are there."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple


class LabelledSession(NamedTuple):
    """A labelled transcript: its project, its file, and the rows of the scorer."""

    project: str
    file: Path
    rows: list[Any]


class LineScorer:
    """The frozen scorer of lines. It is a script without a guard, so its last line, which runs it, is left out."""

    def __init__(self, folder: Path) -> None:
        path = folder / "bench" / "lines.py"
        source = path.read_text("utf-8").rpartition("sys.exit(main())")[0]
        self._names: dict[str, Any] = {"__name__": "line_scorer", "__file__": str(path)}
        exec(compile(source, str(path), "exec"), self._names)
        self._folder = folder

    def sessions(self, fewest: int = 30) -> Iterator[LabelledSession]:
        """Yield the sessions with at least *fewest* labelled sentences, some of them worth keeping."""
        for path in sorted((self._folder / "labels").glob("*.tsv")):
            source, rows = self._names["units"](str(path))
            if len(rows) >= fewest and self.worthy_counts(rows) != (0, 0):
                yield LabelledSession(path.name.partition("__")[0], self._folder / "data" / source, rows)

    @staticmethod
    def worthy_counts(rows: list[Any]) -> tuple[int, int]:
        """Return how many live sentences are labelled essential, and how many useful."""
        essential, useful = (sum(row[2][0] == worth and row[2][3] == "L" for row in rows if row[2] != "0") for worth in "32")
        return essential, useful

    def figures(self, document: str, rows: list[Any]) -> dict[str, float | None]:
        """Return the scorer's figures of *document*, 0..1; None where there is nothing to count."""
        figures: dict[str, float | None] = self._names["score"](document, rows)[0]
        return figures

    def count_kept(self, document: str, rows: list[Any]) -> tuple[int, int]:
        """Return how many of the live sentences worth keeping *document* has, and how many there are."""
        figures = self.figures(document, rows)
        essential, useful = self.worthy_counts(rows)
        return round(essential * (figures["kept3"] or 0) + useful * (figures["kept2"] or 0)), essential + useful


def as_list(text: str) -> str:
    """Return plain *text* as the list that the scorer reads."""
    return "# What happened\n" + "\n".join(f"- {line}" for line in text.split("\n") if line.strip())
