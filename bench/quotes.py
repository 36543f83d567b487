"""Check that every exact value shown by a handoff occurs, byte for byte, in the turns it cites.

    python -m bench.quotes [--only NAMES] [--budgets 2000,8000]

Checks every value in backticks and every path with a slash, in handoffs over each probe session and over each project with several. The
turns are read in full, as stored: messages, the arguments of calls as the agent wrote them, and results. A value is supported when its
bytes occur in one of the cited turns; nothing is lower-cased, split or shortened. A value that occurs only elsewhere in the sessions is
cited wrongly. A value whose words occur in a cited turn in the same order, with little between them, was tidied (a redirection left out
of a command, the project's folder left out of a path, two lines joined). Any other value occurs nowhere. All but supported values are
listed.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

from bench.distillation import Distillation, distil_sessions
from bench.probe_sets import Frozen, add_budgets, create_parser, sets_by_project
from bench.report import keep, table
from onward.core.analytics.intervals import wilson_interval
from onward.core.facts.fact import Handle
from onward.core.handoff.document import CitedLine, Handoff
from onward.core.transcript.transcript import Turn

_TICKED = re.compile(r"(`{1,2})(?!`)(.+?)(?<!`)\1(?!`)")
_PATH = re.compile(r"(?<![\w`/.:-])(?:~|\.{1,2})?/?(?:[\w@.+-]+/)+[\w@.+-]*\w")
_LEFT_OUT_CHARS = 16
"""Maximum number of characters between two words of a tidied value."""
_LETTER = re.compile(r"[^\W\d_]")


PLACES = ("cited", "tidied", "elsewhere", "nowhere")


@dataclass(frozen=True, slots=True)
class Quotation:
    """One value in one line of one handoff, and where it occurs: `cited`, `tidied`, `elsewhere` or `nowhere`."""

    of: str
    budget_tokens: int
    value: str
    line: str
    place: str


def values(line: str) -> Iterator[str]:
    """Yield the exact values of *line*: backticked text, and paths outside of backticks."""
    for match in _TICKED.finditer(line):
        yield match[2].strip()
    for match in _PATH.finditer(_TICKED.sub(" ", line)):
        if _LETTER.search(match[0]):
            yield match[0]


def text_of(turn: Turn) -> str:
    """Return all text of *turn*, with arguments unescaped."""
    calls = (text for call in turn.calls for text in (call.name, *_strings(call.arguments)))
    return "\n".join((turn.text, *calls, *(result.text for result in turn.results)))


def _strings(value: object) -> Iterator[str]:
    if isinstance(value, dict):
        for name, inner in value.items():
            yield str(name)
            yield from _strings(inner)
    elif isinstance(value, list | tuple):
        for inner in value:
            yield from _strings(inner)
    elif value is not None:
        yield str(value)


def find_quotations(of: str, distillation: Distillation, handoff: Handoff, budget_tokens: int) -> Iterator[Quotation]:
    """Yield every exact value that *handoff* shows, and where it occurs."""
    everything: str | None = None
    for line in _lines(handoff):
        for value in dict.fromkeys(values(line.text)):
            if _is_in(value, line.sources, distillation):
                place = "cited"
            elif _is_tidied(value, line.sources, distillation):
                place = "tidied"
            else:
                everything = everything or "\n".join(_all_texts(distillation))
                place = "elsewhere" if value in everything else "nowhere"
            yield Quotation(of=of, budget_tokens=budget_tokens, value=value, line=line.text, place=place)


def _lines(handoff: Handoff) -> Iterator[CitedLine]:
    yield from (line for _, line in handoff.head)
    for section in handoff.sections:
        yield from section.lines


def _is_in(value: str, sources: Iterable[Handle], distillation: Distillation) -> bool:
    return any(value in text_of(distillation.full_turns[handle]) for handle in sources if handle in distillation.full_turns)


def _is_tidied(value: str, sources: Iterable[Handle], distillation: Distillation) -> bool:
    words = [re.escape(word) for word in value.replace(";", " ").split()]
    loosely = re.compile(f"[\\s\\S]{{0,{_LEFT_OUT_CHARS}}}?".join(words))
    folders = {path.number: f"{path.head.cwd}/" for path in distillation.paths if path.head.cwd}
    texts = (text_of(distillation.full_turns[h]).replace(folders.get(h.session, "\0"), "") for h in sources if h in distillation.full_turns)
    return any(loosely.search(text) for text in texts)


def _all_texts(distillation: Distillation) -> Iterator[str]:
    yield from (f"{path.head.cwd}\n{path.head.branch}\n{path.head.title}" for path in distillation.paths)
    yield from (text_of(turn) for turn in distillation.full_turns.values())


def main(arguments: list[str] | None = None) -> None:
    """Check, print the table and the unsupported values, and write the JSON."""
    argument_parser = create_parser(__doc__)
    add_budgets(argument_parser, (2_000, 8_000))
    options = argument_parser.parse_args(arguments)
    sets = Frozen(options.shared).sets(options.only)
    chains: list[tuple[str, list[Path]]] = [(probe_set.transcript, [probe_set.file]) for probe_set in sets]
    chains += [
        (f"{name}, {len(several)} sessions", [probe_set.file for probe_set in several])
        for name, several in sets_by_project(sets).items()
        if len(several) > 1
    ]
    quotations: list[Quotation] = []
    for name, files in chains:
        distillation = distil_sessions(files)
        for budget in options.budgets:
            quotations += find_quotations(name, distillation, distillation.master(budget).handoff, budget)
    rows = []
    for budget in options.budgets:
        here = [quotation for quotation in quotations if quotation.budget_tokens == budget]
        cited, *others = (sum(quotation.place == where for quotation in here) for where in PLACES)
        low, high = wilson_interval(cited, len(here))
        interval = f"{100 * low:.2f}–{100 * high:.2f}"
        rows.append((f"{budget:,}", len(here), cited, *others, 100 * cited / max(1, len(here)), interval))
    print(f"exact values in {len(chains)} handoffs at each budget\n")
    print(table(("budget", "values", "in the cited turns", *PLACES[1:], "per cent", "95 %"), rows))
    wrong = [quotation for quotation in quotations if quotation.place != "cited"]
    for quotation in {(quotation.of, quotation.value): quotation for quotation in wrong}.values():
        print(f"  {quotation.place}: `{quotation.value}` in {quotation.of}: {quotation.line[:160]}")
    keep("quotes", {"handoffs": len(chains), "rows": rows, "wrong": [asdict(quotation) for quotation in wrong]}, arguments)


if __name__ == "__main__":
    main()
