"""The goal of a session: the request that most of it serves and that is still valid at its end."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import NamedTuple

from onward.core.extract.orders import is_standing_order
from onward.core.extract.phrases import PHRASES, pattern
from onward.core.extract.replies import is_mere_agreement, reply_lead
from onward.core.extract.rounds import Round
from onward.core.extract.trace import Trace
from onward.core.extract.units import Unit
from onward.core.extract.wording import clean
from onward.core.text.prose import content_words, one_line, stem, words

_MIN_GOAL_WORDS, _MIN_PLAIN_WORDS, _MIN_LETTER_SHARE = 5, 3, 0.7
_LONG_SESSION_ROUNDS = 5
"""In a session of this many rounds the last request may be an errand that does not change the goal."""
_THREAD_ROUNDS, _THREAD_SHARE = 4, 0.3
"""The session has one topic from a request on if at least this many later rounds, and this share of them, mention what it mentions."""
_ERRAND_WORDS, _BARE_STEMS = 4, 2
_SENTENCE_END = re.compile(r"(?<=\D[.!?])\s|(?<=[。！？])")
_POINTING = re.compile(r"\b(?:it|that|this|them|those|itu|es|das|dafür|ça|cela|eso|isso|questo|это|bunu)\b", re.I)
_GOING_ON = re.compile(
    r"(?:then|now|also|next|and|so|but|btw|by the way|after|once|another|slight|let'?s|lets|ok(?:ay)?|lalu|sekarang|dann|jetzt|nun|und|puis|maintenant|et|luego|ahora|y|depois|agora|e|"
    r"poi|ora|затем|теперь|и|sonra|şimdi|ثم|الآن|次に|それから|然后|现在|接着|이제|그리고|rồi|bây giờ)\b",
    re.I,
)
"""How a request that continues an earlier one begins."""
_CONDITION = re.compile(
    r"(?:if|when|whenever|wenn|falls|si|quand|lorsque|cuando|se|quando|если|когда|якщо|коли|kalau|jika|bila|nếu|khi|eğer|إذا|عندما)\b"
    r"[^,，、،]{3,160}[,，、،] ?(?:just |then |dann |alors |entonces |então |allora |то |maka |thì |hãy )?|(?:如果|若|当)[^，,]{2,60}[，,]",
    re.I,
)
"""A condition before an order: "if a line is broken, skip it"."""
_CHORE_NAMES = frozenset("commit commits push merge rebase branch pr pull stage staged release tag stash message".split())
"""Words for repository chores in any language. A request with one is a chore, unless it says much more."""
_CHORE_SHARE = 0.24
_TERMINAL = re.compile(r"[^\w\s\"'`“„«¿¡(\[@/#*<~.,…-]|[\w.-]+@[\w.-]+[:$#]|\$ |❯ |➜ |\[\d\d[/:]\d\d")
"""How a terminal line begins: an emoji or a prompt."""
_ECHO_STEMS, _ECHO_SHARE = 4, 0.8
"""A request of at least this many content words repeats the agent if the agent wrote this share of them."""
_MEANS_FACTOR, _ECHO_FACTOR, _CHORE_FACTOR, _GOING_ON_FACTOR, _QUESTION_FACTOR, _ERRAND_FACTOR = 0.3, 0.4, 0.3, 0.6, 0.4, 0.3
_OUTLIVED_FACTOR, _OUTLIVED_FIRST_FACTOR, _FIRST_FACTOR, _OPEN_FACTOR, _WANT_FACTOR, _REPLY_FACTOR = 0.35, 0.45, 1.5, 2.0, 1.6, 0.6
_MIN_COMMON, _MAX_COMMON, _COMMON_SHARE = 2, 4, 0.3
"""A later round is about the same things if it shares this share of a request's content words, within these limits."""
_OPENING_UNITS = 2
"""The purpose of a message is among this many first sentences; later ones say how to do it."""
_ASKING_SENTENCES = 3
"""If the agent asks in its last sentences, this many, the person's next message may be only a reply."""
_QUESTION_WORDS, _TELLING_WORDS = 12, 20
"""A question with fewer words asks for no work; an open request with at least this many words can be the goal."""
_TITLE = re.compile(r"^#{1,2} +(\S.*)$", re.M)
_TITLE_CHARS = 300
"""The title of a handed-over plan is among this many first characters."""
_MAX_LEAD_CHARS, _MAX_CONTEXT_CHARS = 90, 200
_POINTING_WORDS = 8
"""If one of this many first words refers back, the request needs the sentence before it."""
_WISH_UNITS = 3
"""The wish may follow within this many sentences of the same paragraph."""
_TROUBLE_WORDS = 7
"""A first sentence of this many words explains why something is asked for."""
_LINE_MARKS = " \t`>❯$➜*-"
"""Marks around a pasted line."""
_GREETING = re.compile(
    r"(?<!\w)(?:hello(?:[ ,]+world)?|hi|hey|tests?|testing|ping|hallo|halo|hai|bonjour|salut|hola|olá|oi|ciao|привет|привіт|вітаю|"
    r"здравствуйте|merhaba|selam|xin chào|chào)(?!\w)|こんにちは|안녕(?:하세요)?|你好|您好|مرحبا",
    re.I,
)
_PRINTING = re.compile(r"[\w.]+ ?\(.*\);?")
_TRIAL_WORDS = 5
"""Two greetings and at most this many other words only ask for a greeting."""
_SLASH_COMMAND = re.compile(r"/[\w:.-]+(?: (?P<argument>[^\n]{1,60}))?$")
_TITLE_LINE = re.compile(r"^#{1,4} +(\S.*)$|^\*\*([^*\n]{8,90})\*\*$", re.M)
"""A title in a report: a heading or a line in bold."""
_TITLED_UNITS, _MIN_TITLE_STEMS = 8, 2
"""How many first sentences of a titled message are compared with its title, and how many of the title's words one of them has to contain.
"""
_ALL_LANGUAGES = frozenset(PHRASES)
_MARKUP, _PATH_SLASHES = ("<", "{", "[", "|"), 2


class _SessionRounds(NamedTuple):
    """Data to measure how much of the session serves a request: the words of each round, edits, and what the agent said and asked."""

    round_words: dict[int, set[str]]
    rounds: dict[int, Round]
    agent_words: list[tuple[int, frozenset[str]]]
    asking: frozenset[int]
    languages: frozenset[str]
    first_round: int
    """The first round with a request that was not withdrawn; 0 if the session continues from a summary of an earlier one."""

    def serving(self, unit: Unit, weight: float) -> float:
        """Return how much of the session serves the request *unit* of learned worth *weight*."""
        number, last = unit.statement.round, max(self.round_words)
        common = min(len(unit.stems), max(_MIN_COMMON, min(_MAX_COMMON, round(_COMMON_SHARE * len(unit.stems)))))
        later = [n for n, stems in self.round_words.items() if n >= number and len(stems & unit.stems) >= common]
        reach = max(later, default=number)
        is_main_work = self.rounds[number].edits > sum(current.edits for current in self.rounds.values()) / 2
        is_thread = len(later) >= max(_THREAD_ROUNDS, _THREAD_SHARE * (last - number))
        is_current = is_main_work or is_thread or reach >= (last - 1 if last >= _LONG_SESSION_ROUNDS else last)
        outlived = _OUTLIVED_FIRST_FACTOR if number <= self.first_round else _OUTLIVED_FACTOR
        return (weight + 0.1) * (1 + 0.3 * min(len(later), 8)) * (1.0 if is_current else outlived) * self._form(unit)

    def _form(self, unit: Unit) -> float:
        factor = _FIRST_FACTOR if unit.statement.round <= self.first_round else 1.0
        factor *= _ERRAND_FACTOR if _is_errand(unit) else 1.0
        is_means = unit.statement.round > self.first_round and pattern("means", self.languages).match(unit.text) is not None
        factor *= _MEANS_FACTOR if is_means else 1.0
        factor *= _CHORE_FACTOR if is_chore(unit) else 1.0
        if unit.statement.round <= self.first_round or wants(unit, self.languages):
            factor *= _WANT_FACTOR
        else:
            factor *= _QUESTION_FACTOR if "?" in unit.text or "？" in unit.text else 1.0
            factor *= _REPLY_FACTOR if unit.statement.position - 1 in self.asking else 1.0
        if self.rounds[unit.statement.round].fate == "open":
            factor *= _OPEN_FACTOR if self._tells_purpose(unit) and not is_means else 1.0
        elif unit.statement.round > self.first_round and _GOING_ON.match(unit.text):
            factor *= _GOING_ON_FACTOR
        return factor * (_ECHO_FACTOR if self._is_echo(unit) else 1.0)

    def _tells_purpose(self, unit: Unit) -> bool:
        """Whether a request says enough to be a goal."""
        return unit.size >= _TELLING_WORDS and wants(unit, self.languages) and not self._agrees(unit)

    def _agrees(self, unit: Unit) -> bool:
        """Whether the message of a request begins by agreeing: it accepts a proposal of the agent."""
        agreement = pattern("agree", self.languages).match(unit.statement.text.strip())
        return unit.statement.round > self.first_round and agreement is not None

    def _is_echo(self, unit: Unit) -> bool:
        """Whether a request repeats an item of the agent's list, which makes it no goal by itself."""
        return len(unit.stems) >= _ECHO_STEMS and any(
            position < unit.statement.position and len(unit.stems & stems) >= _ECHO_SHARE * len(unit.stems)
            for position, stems in self.agent_words
        )


def find_goal(
    units: Sequence[Unit],
    worths: Sequence[float],
    trace: Trace,
    rounds: dict[int, Round],
    templates: frozenset[int],
    languages: frozenset[str],
) -> Unit | None:
    """Return the request that most of the session serves and that is still valid at its end. Chores, withdrawn requests and texts of
    programs do not count.
    """
    weights = dict(zip((unit.order for unit in units), worths, strict=True))
    requests = [(unit, weights[unit.order]) for unit in _requests(units, trace, rounds, templates, languages)]
    requests = [candidate for candidate in requests if not _only_asks(candidate[0])] or requests
    long_enough = [candidate for candidate in requests if candidate[0].size >= _MIN_GOAL_WORDS]
    # A short wish says more than sentences without a wish.
    requests = long_enough if any(wants(unit, languages) for unit, _ in long_enough) else requests
    if command := _opening_command(units, rounds, templates):
        return command
    if not requests:
        return _first_terse(units, templates, languages)
    session_rounds = _read_rounds(units, rounds, languages)
    best = max(requests, key=lambda candidate: session_rounds.serving(*candidate))[0]
    # A message says first what it wants, then how. The goal includes the lead-in of a path.
    of_message = [unit for unit, _ in requests if unit.statement is best.statement]
    if title := _title_of(best):
        return _of_title(title, of_message)
    asking = [unit for unit in of_message[:_OPENING_UNITS] if wants(unit, languages)]
    first = (asking or of_message)[0]
    following = units[first.order + 1] if first.order + 1 < len(units) else first
    is_path = first.text.endswith((":", "：")) and following.statement is first.statement and not _has_words(following)
    return following if is_path else _wish_after(first, of_message, languages)


def _opening_command(units: Sequence[Unit], rounds: dict[int, Round], templates: frozenset[int]) -> Unit | None:
    """Return the client command with an argument that opens a session: the work follows from what it reports."""
    first = next((unit for unit in units if unit.by_user), None)
    command = _SLASH_COMMAND.match(first.statement.text) if first else None
    if first is None or command is None or not command["argument"] or first.statement.position in templates:
        return None
    return first if rounds[first.statement.round].fate != "withdrawn" else None


def _of_title(title: str, of_message: Sequence[Unit]) -> Unit:
    """Return the first sentence of a handed-over plan; if it shares too few words with the title, the sentence that shares most."""
    stems = frozenset(map(stem, content_words(title)))
    common = [len(stems & frozenset(map(stem, unit.stems))) for unit in of_message[:_TITLED_UNITS]]
    most = max(common)
    return of_message[common.index(most)] if common[0] < _MIN_TITLE_STEMS < most else of_message[0]


def _wish_after(unit: Unit, of_message: Sequence[Unit], languages: frozenset[str]) -> Unit:
    """Return the wish after a paste that *unit* introduces with a colon, or *unit* if it contains the wish."""
    if not unit.text.endswith((":", "：")) or wants(unit, languages):
        return unit
    return next((later for later in of_message if later.order > unit.order and wants(later, languages)), unit)


def _requests(
    units: Sequence[Unit], trace: Trace, rounds: dict[int, Round], templates: frozenset[int], languages: frozenset[str]
) -> list[Unit]:
    """Return the sentences in which a person may ask for work: no reply, rule, trial, paste or withdrawn request."""
    return [
        unit
        for unit in units
        if unit.by_user and unit.statement.position not in templates
        and rounds[unit.statement.round].fate != "withdrawn" and not rounds[unit.statement.round].refuses
        and not is_mere_agreement(unit, languages) and not is_standing_order(unit.text, languages) and not _only_reassures(unit, languages)
        and not unit.statement.is_answer and not reply_lead(unit, trace)[0] and not is_trial(unit.statement.text)
        and not is_terminal_line(unit.text) and _reads_as_request(unit, units)
    ]  # fmt: skip


def is_chore(unit: Unit) -> bool:
    """Whether a request asks for a chore of the repository, as a commit or a push, and little else."""
    return len(unit.stems & _CHORE_NAMES) > _CHORE_SHARE * len(unit.stems)


def is_terminal_line(text: str) -> bool:
    """Whether a text begins like a line of a terminal: with an emoji or a prompt."""
    return _TERMINAL.match(text) is not None


def _only_reassures(unit: Unit, languages: frozenset[str]) -> bool:
    """Whether a person only answers that something is no problem: "no problem, the folder is not public"."""
    return pattern("reassure", _ALL_LANGUAGES).match(unit.text) is not None and not wants(unit, languages)


def is_trial(text: str) -> bool:
    """Whether a person only tests whether the agent answers: a greeting, a request for one, or a call that prints one."""
    greetings = _GREETING.findall(text)
    rest = words(_GREETING.sub(" ", text))
    is_reply = len(greetings) > 1 and len(rest) <= _TRIAL_WORDS
    return bool(greetings) and (not rest or is_reply or _PRINTING.fullmatch(text.strip()) is not None)


def _first_terse(units: Sequence[Unit], templates: frozenset[int], languages: frozenset[str]) -> Unit | None:
    """Return the first request of a few words if no request says more, else the first client command."""
    terse = [
        unit
        for unit in units
        if unit.by_user and unit.statement.position not in templates and not unit.text.startswith(_MARKUP) and not is_trial(unit.text)
        and not is_mere_agreement(unit, languages) and not is_standing_order(unit.text, languages) and unit.text.count("/") < _PATH_SLASHES
    ]  # fmt: skip
    worded = (unit for unit in terse if not unit.text.startswith("/"))
    return next(worded, next((unit for unit in terse if _SLASH_COMMAND.match(unit.text)), None))


def wants(unit: Unit, languages: frozenset[str]) -> bool:
    """Whether a person's sentence asks for work, in words of a wish or an order, also after a condition."""
    wish = pattern("want", languages)
    condition = _CONDITION.match(unit.text)
    return wish.search(unit.text) is not None or (condition is not None and wish.search(unit.text[condition.end() :]) is not None)


def _read_rounds(units: Sequence[Unit], rounds: dict[int, Round], languages: frozenset[str]) -> _SessionRounds:
    round_words: dict[int, set[str]] = {}
    for unit in units:
        if unit.by_user or unit.statement.is_closing:
            round_words.setdefault(unit.statement.round, set()).update(unit.stems)
    agent_units = [unit for unit in units if not unit.by_user]
    goes_on = bool(units) and units[0].statement.is_summary
    first_round = min((number for number, current in rounds.items() if current.requests and current.fate != "withdrawn"), default=1)
    return _SessionRounds(
        round_words=round_words,
        rounds=rounds,
        agent_words=[(unit.statement.position, unit.stems) for unit in agent_units],
        asking=frozenset(position for position, mates in _by_statement(agent_units).items() if _closes_asking(mates)),
        languages=languages,
        first_round=0 if goes_on else first_round,
    )


def _by_statement(units: Sequence[Unit]) -> dict[int, list[Unit]]:
    mates: dict[int, list[Unit]] = {}
    for unit in units:
        mates.setdefault(unit.statement.position, []).append(unit)
    return mates


def _closes_asking(sentences: Sequence[Unit]) -> bool:
    return any(unit.text.endswith(("?", "？")) for unit in sentences[-_ASKING_SENTENCES:])


def _only_asks(unit: Unit) -> bool:
    """Whether a request is a short question that an answer settles."""
    return unit.text.endswith(("?", "？")) and unit.size < _QUESTION_WORDS


def _is_errand(unit: Unit) -> bool:
    """Whether a request says too little to be the goal of a session: "now write a test for it"."""
    opening = _SENTENCE_END.split(unit.text, maxsplit=1)[0]
    size = len(set(content_words(opening)))
    return size <= _ERRAND_WORDS and (len(unit.stems) <= _BARE_STEMS or _POINTING.search(opening) is not None)


def _reads_as_request(unit: Unit, units: Sequence[Unit]) -> bool:
    """Whether a sentence consists of words: not a path, address or log line, unless the text before it says what to do with it."""
    letters = sum(c.isalpha() or c.isspace() for c in unit.text)
    return (_has_words(unit) and letters >= _MIN_LETTER_SHARE * len(unit.text)) or bool(_lead_in(unit, units))


def _has_words(unit: Unit) -> bool:
    return unit.size - sum(len(words(name)) for name in unit.names) >= _MIN_PLAIN_WORDS


def _lead_in(unit: Unit, units: Sequence[Unit]) -> str:
    """Return the lead-in of a sentence, else the sentence before it in the same message if that ends in a colon."""
    previous = units[unit.order - 1] if unit.order else unit
    is_introduced = previous.statement is unit.statement and previous.text.endswith((":", "："))
    return unit.sentence.lead or (previous.text if is_introduced else "")


def goal_lead(unit: Unit, units: Sequence[Unit], trace: Trace) -> str:
    """Return the lead-in of a goal.

    It is the command that opened the session, the title of the plan or task that the person handed over, the sentence that the goal refers
    back to, or the lead-in of a bare path.
    """
    opening = next((statement for statement in trace.statements if statement.author == "user"), None)
    if opening and opening is not unit.statement and _SLASH_COMMAND.match(opening.text):
        return opening.text
    if (title := _title_of(unit)) and title not in unit.text:
        return one_line(clean(title), _MAX_LEAD_CHARS)
    if not _has_words(unit):
        return one_line(clean(_lead_in(unit, units).rstrip(":： ")), _MAX_LEAD_CHARS)
    return _context_of(unit, units)


def _context_of(unit: Unit, units: Sequence[Unit]) -> str:
    """Return the short sentence before a request if the request refers back or the message opens with a problem, else empty."""
    previous = units[unit.order - 1] if unit.order else unit
    opening = " ".join(unit.text.split()[:_POINTING_WORDS])
    is_after = previous is not unit and previous.statement is unit.statement and not _TERMINAL.match(previous.text)
    opens = previous.order == 0 or units[previous.order - 1].statement is not previous.statement
    tells_trouble = (
        opens and previous.size >= _TROUBLE_WORDS and bool(previous.stems & unit.stems) and not previous.text.endswith((":", "："))
    )
    if not is_after or not (tells_trouble or _POINTING.search(opening)) or not _reads_as_request(previous, units):
        return ""
    context = clean(_SENTENCE_END.split(previous.text)[-1])
    return context if len(context) <= _MAX_CONTEXT_CHARS else ""


def goal_continuation(unit: Unit, units: Sequence[Unit], languages: frozenset[str]) -> str:
    """Return the next sentence of the goal's paragraph that contains the wish: "but we want them to go on"; after a client command, the
    title of its report.
    """
    if command := _SLASH_COMMAND.match(unit.statement.text):
        return _reported_title(command["argument"] or "", unit, units)
    reach = 1 if wants(unit, languages) else _WISH_UNITS
    previous = unit
    for following in units[unit.order + 1 : unit.order + 1 + reach]:
        is_same = (
            following.statement is unit.statement and following.sentence.part > previous.sentence.part and not following.sentence.is_item
        )
        if not is_same:
            break
        if wants(following, languages) and not following.text.endswith((":", "：")) and len(following.text) <= _MAX_CONTEXT_CHARS:
            return clean(following.text)
        previous = following
    return ""


def _reported_title(argument: str, command: Unit, units: Sequence[Unit]) -> str:
    """Return the first title in the report after *command* that names its argument and says more; empty if no title does."""
    for unit in units:
        if argument and unit.statement.is_closing and unit.order > command.order and argument in unit.statement.text:
            titles = (clean(match[1] or match[2]) for match in _TITLE_LINE.finditer(unit.statement.text))
            return next((title for title in titles if argument in title and len(content_words(title)) > _MIN_TITLE_STEMS), "")
    return ""


def goal_tail(unit: Unit) -> str:
    """Return the first line of what a goal introduces with a colon, such as an error or a command; empty if it introduces nothing short."""
    _, _, rest = unit.statement.text.partition(unit.text)
    lines = [line.strip(_LINE_MARKS) for line in rest.split("\n") if line.strip(_LINE_MARKS)]
    is_short = bool(lines) and len(lines[0]) <= _MAX_LEAD_CHARS
    return lines[0] if unit.text.endswith((":", "：")) and is_short else ""


def _title_of(unit: Unit) -> str:
    """Return the title of the plan or task whose message contains a sentence; empty if it has none."""
    title = _TITLE.search(unit.statement.text[:_TITLE_CHARS])
    return title.group(1) if title else ""
