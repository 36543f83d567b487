"""Mistakes that a writer could make, made on purpose in honest lines: a wrong value, another thing's value, a lost "not", a flipped state.

Each mutation takes an honest line, the other lines of its page, paths of the project, and a random source; it returns the wrong text, or
an empty one where the line has nothing to mistake. They are independent of the guard. `SET_ASIDE` are kinds of mistakes that the guard is
never tuned on.
"""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Sequence
from itertools import pairwise

from onward.llm.checks.guard import WrittenLine

Mutation = Callable[[WrittenLine, Sequence[WrittenLine], Sequence[str], random.Random], str]

_PATH = re.compile(r"`([\w./-]*/[\w./-]+\.\w+)`")
_CODE = re.compile(r"`([^`]+)`")
_LISTED = re.compile(r"[\s,/&+]*(?:and|or|,)?[\s,/&+]*")
_STATES = (
    ("merged", "open"), ("not pushed", "pushed"), ("pushed", "not pushed"), ("fails", "passes"), ("passes", "fails"), ("passed", "failed"),
    ("failed", "passed"), ("pending", "done"), ("removed", "added"), ("added", "removed"), ("fixed", "broken"), ("enabled", "disabled"),
)  # fmt: skip
_DENIALS = (
    ("no longer", "still"), ("without", "with"), ("cannot", "can"), ("never", "always"), ("nothing", "everything"), ("neither", "both"),
    ("tidak", ""), ("bukan", ""), ("belum", "sudah"), ("pas", ""), ("jamais", "toujours"), ("nicht", ""), ("não", ""),
)  # fmt: skip
_OTHER_STATES = (
    ("works", "does not work"), ("before", "after"), ("first", "last"), ("all", "none"), ("success", "failure"), ("optional", "required"),
    ("local", "remote"), ("old", "new"), ("true", "false"), ("valid", "invalid"), ("committed", "uncommitted"), ("created", "deleted"),
    ("open", "closed"), ("more", "less"), ("allowed", "forbidden"), ("running", "stopped"), ("present", "missing"), ("same", "different"),
    ("client", "server"), ("start", "end"), ("reads", "writes"), ("includes", "excludes"),
)  # fmt: skip
_INVENTIONS = (
    "Redis 7.2 is used for the session cache.",
    "The deploy runs on port `9443` behind nginx.",
    "`scripts/seed-demo.py` fills the database before each test.",
)


def change_number(line: WrittenLine, _: Sequence[WrittenLine], __: Sequence[str], chance: random.Random) -> str:
    """Return the line with one digit of a number changed."""
    places = list(re.finditer(r"(?<![\w.])\d+(?![\w])", line.text))
    if not places:
        return ""
    match = chance.choice(places)
    index = match.start() + chance.randrange(len(match[0]))
    digit = str((int(line.text[index]) + chance.randint(1, 8)) % 10)
    return f"{line.text[:index]}{digit}{line.text[index + 1 :]}"


def change_id(line: WrittenLine, _: Sequence[WrittenLine], __: Sequence[str], chance: random.Random) -> str:
    """Return the line with one character of a commit changed."""
    ids = re.findall(r"`([0-9a-f]{7,12})`", line.text)
    if not ids:
        return ""
    chosen = chance.choice(ids)
    return line.text.replace(chosen, f"{chosen[:3]}{'0' if chosen[3] != '0' else '1'}{chosen[4:]}")


def change_folder(line: WrittenLine, _: Sequence[WrittenLine], __: Sequence[str], chance: random.Random) -> str:
    """Return the line with a file in another folder."""
    paths = _PATH.findall(line.text)
    if not paths:
        return ""
    chosen = chance.choice(paths)
    folder, _, name = chosen.rpartition("/")
    return line.text.replace(chosen, f"{folder.rpartition('/')[0] or 'src'}/lib/{name}")


def change_ending(line: WrittenLine, _: Sequence[WrittenLine], __: Sequence[str], chance: random.Random) -> str:
    """Return the line with another file ending."""
    paths = _PATH.findall(line.text)
    if not paths:
        return ""
    chosen = chance.choice(paths)
    stem, _, ending = chosen.rpartition(".")
    return line.text.replace(chosen, f"{stem}.{'json' if ending != 'json' else 'yaml'}")


def use_other_file(line: WrittenLine, _: Sequence[WrittenLine], paths: Sequence[str], chance: random.Random) -> str:
    """Return the line with another file of the project."""
    named = _PATH.findall(line.text)
    if not named or not paths:
        return ""
    chosen, other = chance.choice(named), chance.choice(paths)
    is_same = other.lower() in chosen.lower() or chosen.lower().endswith(other.lower()) or other.lower().endswith(chosen.lower())
    return "" if is_same or f"`{other}`" in line.text else line.text.replace(chosen, other)


def use_other_value(line: WrittenLine, lines: Sequence[WrittenLine], _: Sequence[str], chance: random.Random) -> str:
    """Return the line with a value of the same kind of another line."""
    other_line = chance.choice(lines)
    for pattern in (r"`([^`]+)`", r"#(\d+)"):
        line_values, others = re.findall(pattern, line.text), re.findall(pattern, other_line.text)
        if line_values and others:
            chosen, other = chance.choice(line_values), chance.choice(others)
            if chosen != other and other not in line.text and _kind(chosen) == _kind(other):
                return line.text.replace(chosen, other, 1)
    return ""


def swap_values(line: WrittenLine, _: Sequence[WrittenLine], __: Sequence[str], chance: random.Random) -> str:
    """Return the line with two of its values exchanged; values that are only listed one after the other are no pair."""
    places = list(_CODE.finditer(line.text))
    pairs = [
        (first, second)
        for index, first in enumerate(places)
        for second in places[index + 1 :]
        if first[1] not in second[1] and second[1] not in first[1] and not _is_listed(line.text, places, first, second)
    ]
    if not pairs:
        return ""
    first, second = chance.choice(pairs)
    between = line.text[first.end() : second.start()]
    return f"{line.text[: first.start()]}{second[0]}{between}{first[0]}{line.text[second.end() :]}"


def _is_listed(text: str, places: Sequence[re.Match[str]], first: re.Match[str], second: re.Match[str]) -> bool:
    inner = [place for place in places if first.start() <= place.start() <= second.start()]
    return all(_LISTED.fullmatch(text[before.end() : after.start()]) for before, after in pairwise(inner))


def lose_not(line: WrittenLine, _: Sequence[WrittenLine], __: Sequence[str], ___: random.Random) -> str:
    """Return the line without its first "not" or "no"."""
    return re.sub(r"\bnot |\bno |n't\b", "", line.text, count=1)


def flip_state(line: WrittenLine, _: Sequence[WrittenLine], __: Sequence[str], ___: random.Random) -> str:
    """Return the line with a state turned into its opposite."""
    for state, opposite in _STATES:
        if re.search(rf"\b{state}\b", line.text):
            return re.sub(rf"\b{state}\b", opposite, line.text, count=1)
    return ""


def lose_other_denial(line: WrittenLine, _: Sequence[WrittenLine], __: Sequence[str], ___: random.Random) -> str:
    """Return the line with a denial other than "not" and "no" turned round or left out."""
    for denial, assertion in _DENIALS:
        if re.search(rf"\b{denial}\b", line.text, re.I):
            return re.sub(rf"\b{denial}\b ?", f"{assertion} " if assertion else "", line.text, count=1, flags=re.I)
    return ""


def add_not(line: WrittenLine, _: Sequence[WrittenLine], __: Sequence[str], ___: random.Random) -> str:
    """Return the line with a "not" after its first auxiliary verb."""
    return re.sub(r"\b(is|are|was|were|has|have|can|does|do|must|should|will)\b(?! not|n't)", r"\1 not", line.text, count=1)


def flip_other_state(line: WrittenLine, _: Sequence[WrittenLine], __: Sequence[str], ___: random.Random) -> str:
    """Return the line with a word turned into its opposite that `flip_state` does not know."""
    for word, opposite in _OTHER_STATES:
        for first, second in ((word, opposite), (opposite, word)):
            if re.search(rf"\b{first}\b", line.text):
                return re.sub(rf"\b{first}\b", second, line.text, count=1)
    return ""


def swap_numbers(line: WrittenLine, _: Sequence[WrittenLine], __: Sequence[str], chance: random.Random) -> str:
    """Return the line with two of its plain numbers exchanged."""
    places = list(re.finditer(r"(?<![\w.`/#-])\d+(?![\w.`/-])", line.text))
    pairs = [(first, second) for index, first in enumerate(places) for second in places[index + 1 :] if first[0] != second[0]]
    if not pairs:
        return ""
    first, second = chance.choice(pairs)
    between = line.text[first.end() : second.start()]
    return f"{line.text[: first.start()]}{second[0]}{between}{first[0]}{line.text[second.end() :]}"


def invent(_: WrittenLine, __: Sequence[WrittenLine], ___: Sequence[str], chance: random.Random) -> str:
    """Return a line that nothing in any session says."""
    return chance.choice(_INVENTIONS)


def _kind(value: str) -> str:
    if "/" in value and " " not in value:
        return "path"
    return "id" if re.fullmatch(r"[0-9a-f]{7,12}", value) else "number" if value.isdigit() else "code"


MUTATIONS: dict[str, Mutation] = {
    "number": change_number, "id": change_id, "folder": change_folder, "ending": change_ending, "invention": invent,
    "another file": use_other_file, "another line's value": use_other_value, "swapped values": swap_values, "lost not": lose_not,
    "flipped state": flip_state,
}  # fmt: skip

SET_ASIDE: dict[str, Mutation] = {
    "another denial lost": lose_other_denial, "an invented not": add_not, "another state flipped": flip_other_state,
    "swapped numbers": swap_numbers,
}  # fmt: skip
