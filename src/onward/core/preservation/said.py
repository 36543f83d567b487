"""What people and agents said, as references: rules, requirements, decisions, fixes, outcomes, dead ends, open ends, values."""

from __future__ import annotations

from collections.abc import Iterator

from onward.core.facts import Handle
from onward.core.preservation.cues import Cue, cues_of, is_open_heading
from onward.core.preservation.reference import Group, Reference
from onward.core.preservation.words import place_of, plain, stems
from onward.core.text import Clause, clauses, identifiers

PASTED_CHARS = 3000
"""A person's turn longer than this holds pasted text; only its ends are the person's own words."""
OWN_CHARS = 700

_NOT_ORDERED = frozenset({"i", "we", "they", "it", "that", "these", "those", "which", "who", "tests", "aku", "saya"})
"""Who does not do something is not told to not do it: "I don't think" is no rule."""


def from_person(text: str, handle: Handle) -> Iterator[Reference]:
    """Yield what a person asked for in one turn: standing rules, else requirements, and the exact values named."""
    if len(text) > PASTED_CHARS:
        text = text[:OWN_CHARS] + "\n\n" + text[-OWN_CHARS:]
    for clause in clauses(text):
        lowered = clause.text.lower()
        meaning = stems(clause.text)
        if len(meaning) < 3 or _is_pasted(clause.text):
            continue
        cues = cues_of(lowered)
        named = needles(clause.text)
        yield from _reversals(clause.text, handle, 0.9)
        if "rule" in cues and _is_order(lowered) and not lowered.endswith("?"):
            yield _statement("rules", clause, named, handle, 1.0)
        elif "want" in cues or "decision" in cues or named or not lowered.endswith("?"):
            asked = 0.5 + 0.2 * ("want" in cues) + 0.1 * min(2, len(named)) - 0.2 * lowered.endswith("?")
            yield _statement("requirements", clause, named, handle, asked)
        yield from (_value(value, clause.text, handle, 0.7) for value in named)


def from_agent(text: str, handle: Handle, *, is_closing: bool, is_last: bool) -> Iterator[Reference]:
    """Yield what an agent stated in one turn. `is_closing`: the person spoke next, so this is a report; `is_last`: the session ended with it."""
    for clause in clauses(text):
        lowered = clause.text.lower()
        cues = cues_of(lowered)
        if not cues and not is_closing:
            continue
        named = needles(clause.text)
        group = _group(cues, clause, is_last)
        if group and len(stems(clause.text)) >= 3:
            worth = 0.3 + 0.3 * is_closing + 0.1 * min(3, len(named)) + 0.1 * (len(cues) > 1) - 0.4 * ("chatter" in cues)
            yield _statement(group, clause, named, handle, min(1.0, worth))
            if is_closing:
                yield from _reversals(clause.text, handle, worth)
        if is_closing:
            yield from (_value(value, clause.text, handle, 0.5) for value in named)


def _group(cues: set[Cue], clause: Clause, is_last: bool) -> Group | None:
    """Return the group an agent's clause belongs to. Only the last report says what is open: what an earlier one left open was mostly done since."""
    if is_last and ("open" in cues or is_open_heading(clause.heading) or is_open_heading(clause.lead) or clause.text.endswith("?")):
        return "open"
    if clause.text.endswith(("?", ":")):
        return None
    if "dead" in cues:
        return "dead ends"
    if "fix" in cues:
        return "fixes"
    if "decision" in cues:
        return "decisions"
    return "outcomes" if "done" in cues else None


def _is_order(lowered: str) -> bool:
    for negation in ("don't", "dont", "do not"):
        if (at := lowered.find(negation)) > 0:
            before = lowered[:at].split()
            return not before or before[-1] not in _NOT_ORDERED
    return True


def _is_pasted(text: str) -> bool:
    """Say whether a clause is output that a person pasted: half of it is neither letters nor spaces, or it holds a shell prompt."""
    letters = sum(map(str.isalpha, text)) + text.count(" ")
    return letters < 0.7 * len(text) or " % " in text or text.startswith(("$ ", "> ", "at ", "{", "["))


def needles(text: str) -> tuple[str, ...]:
    """Return the hard values that *text* names, normalised, each once; bare numbers below ten are none."""
    found: dict[str, None] = {}
    for value in identifiers(text):
        value = plain(value).rstrip(".,:;)/")
        if len(value) > 2 or (value.isdigit() and len(value) > 1):
            found[value] = None
    return tuple(found)


def _statement(group: Group, clause: Clause, named: tuple[str, ...], handle: Handle, weight: float) -> Reference:
    text = f"{clause.lead.rstrip(':')}: {clause.text}" if clause.lead and clause.is_item and len(clause.text) < 60 else clause.text
    return Reference(handle, group, " ".join(sorted(stems(text))), text, named, round(weight, 2))


def _value(value: str, said: str, handle: Handle, weight: float) -> Reference:
    return Reference(handle, "values", value, said, spellings(value), weight)


def spellings(value: str) -> tuple[str, ...]:
    """Return the ways to write one hard value: a url also without its scheme, a pull request also by its number."""
    ways = [value]
    if "://" in value:
        ways.append(value.split("://", 1)[1])
        parts = value.rsplit("/", 2)
        if parts[-1].isdigit() and parts[-2] in ("pull", "issues", "merge_requests"):
            ways += [f"#{parts[-1]}", f"{parts[-2]}/{parts[-1]}", f"pr {parts[-1]}"]
    return tuple(ways)


_TURNS: tuple[tuple[str, str], ...] = (
    ("instead of ", ""), ("replaced ", " with "), ("replace ", " with "), ("switched from ", " to "), ("switch from ", " to "), ("migrated from ", " to "),
    ("changed from ", " to "), ("no longer use ", ""), ("no longer uses ", ""), ("renamed ", " to "), ("ganti ", " jadi "), ("ganti ", " ke "),
    ("ganti ", " dengan "), ("diganti dari ", " ke "), ("bukan ", " tapi "), ("pindah dari ", " ke "), ("tidak lagi pakai ", ""),
)  # fmt: skip


def _reversals(text: str, handle: Handle, weight: float) -> Iterator[Reference]:
    """Yield the value that *text* outright gives up, retired, and the one it takes instead, standing again."""
    lowered = plain(text)
    for opening, middle in _TURNS:
        at = lowered.find(opening)
        if at < 0:
            continue
        old, _, rest = lowered[at + len(opening) :].partition(middle) if middle else (lowered[at + len(opening) :], "", "")
        if middle and not rest:
            continue
        old_name, new_name = _name(old, text), _name(rest, text)
        if old_name and old_name != new_name:
            yield Reference(handle, "values", old_name, text, (old_name,), round(weight, 2), True, new_name)
            return


def _name(lowered: str, text: str) -> str:
    """Return the name that *lowered* begins with, past an article; empty when it is an ordinary word.

    A name is an exact value, or a word that *text* writes with a capital inside a sentence (SQLite, Redis).
    """
    for word in lowered.split()[:3]:
        word = word.strip(".,:;()\"'")
        if word in ("the", "a", "an", "using", "use", "our", "old", "pakai", "yang", "dari"):
            continue
        at = place_of(word, text.lower()) if word else -1
        written = text[at : at + len(word)] if at >= 0 else ""
        is_name = len(word) > 2 and at > 0 and (written[:1].isupper() or word != written or any(c in "._/-:@" or c.isdigit() for c in word))
        return word if is_name else ""
    return ""
