"""Which sentences of an agent later work makes untrue: they name a line that changed, a file that was deleted, a value that a later list
replaced, or a state that was true only at that moment.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import NamedTuple

from onward.core.extract.rounds import Round
from onward.core.extract.trace import Trace
from onward.core.extract.units import Unit

_LINE_OF_FILE = re.compile(r"([\w./\\-]*\w\.[a-zA-Z]\w{0,5}):\d+")
_SUBJECT = re.compile(r"\W*(?:[\w.-]+[/\\])*([\w.-]+\.\w{1,8})\b")
"""The file name at the beginning of a sentence."""
_SNAPSHOT = re.compile(
    r"(?<!\w)(?:currently|current (?:state|status)|"
    r"as of now|at the moment|right now|at present|saat ini|sekarang ini|derzeit\w*|momentan\w*|zurzeit|actuellement|"
    r"pour l'instant|en ce moment|état actuel|actualmente|por ahora|de momento|estado actual|atualmente|no momento|estado atual|"
    r"attualmente|al momento|stato attuale|сейчас|в настоящее время|на данный момент|текущее состояние|зараз|наразі|hiện (?:tại|nay)|"
    r"şu anda?|halihazırda|mevcut durum)(?!\w)|当前|目前|现在|現在|現状|현재|지금|حاليا|حالياً|الحالة الحالية",
    re.I,
)
"""Words that limit a sentence to its moment: "currently", "as of now"."""
_ENTRY = re.compile(r"`?([\w./@-]*[\w@./-][\w./@-]{2,60})`?\s*(?:[:：]|=|→|->)\s*`?(\S{2,120}?)`?[.]?$")
"""A list entry that gives a name one value."""
_OVERTAKEN_FACTOR = 0.3
"""Factor on the worth of a sentence that names a line changed later, or a state that later work changed."""


class Aftermath(NamedTuple):
    """What the session did after a sentence was written.

    `changes` maps each file to the round of its last change, `deletions` maps each deleted file to the turn of its deletion; both use the
    file's name in lower case. `replaced` holds the order numbers of list entries that a later list replaces. `last_work` is the last round
    that changed a file or made a commit.
    """

    changes: dict[str, int]
    deletions: dict[str, int]
    replaced: frozenset[int]
    last_work: int

    def factor(self, unit: Unit) -> float:
        """Return the factor on the worth of the agent's sentence *unit*."""
        if unit.order in self.replaced or self._names_deleted_file(unit):
            return 0.0
        is_past = unit.statement.round < self.last_work and _SNAPSHOT.search(unit.text) is not None
        return _OVERTAKEN_FACTOR if is_past or self._points_at_changed_line(unit) else 1.0

    def _points_at_changed_line(self, unit: Unit) -> bool:
        return any(self.changes.get(path.lower().rpartition("/")[2], 0) > unit.statement.round for path in _LINE_OF_FILE.findall(unit.text))

    def _names_deleted_file(self, unit: Unit) -> bool:
        """Whether a sentence begins with the name of a file that was deleted later."""
        subject = _SUBJECT.match(unit.text.lower())
        return subject is not None and self.deletions.get(subject[1], 0) > unit.statement.turn


def read_aftermath(units: Sequence[Unit], trace: Trace, rounds: dict[int, Round]) -> Aftermath:
    """Return the later changes that affect the sentences *units*."""
    last = {record.change.path.replace("\\", "/").rpartition("/")[2].lower(): record for record in trace.changes}
    return Aftermath(
        changes={name: record.round for name, record in last.items()},
        deletions={name: record.turn for name, record in last.items() if record.change.kind == "deleted"},
        replaced=_replaced_entries(units),
        last_work=max((number for number, current in rounds.items() if current.edits or current.commits), default=0),
    )


def _replaced_entries(units: Sequence[Unit]) -> frozenset[int]:
    """Return the order numbers of list entries whose name gets another value in a later text of the agent."""
    entries = [(unit, entry) for unit in units if not unit.by_user and (entry := _ENTRY.fullmatch(unit.text))]
    last = {entry[1].lower(): (unit, entry[2]) for unit, entry in entries}
    return frozenset(
        unit.order
        for unit, entry in entries
        if last[entry[1].lower()][0].statement is not unit.statement and last[entry[1].lower()][1] != entry[2]
    )
