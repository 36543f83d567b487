"""Pastes in a person's message: logs, JSON, rows of values, diffs, traces, terminal output, quoted mail. They are evidence, no
sentences.

A paste is recognised by the form of its lines, in no language: fenced blocks are left to the reader of prose, which skips them.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cache

_MIN_LINES = 3
"""Fewer lines of a paste's form may be the person's own."""
_MAX_GAP = 2
"""Lines of another form between two lines of a paste: the text of a message that goes over several lines."""
_MIN_JSON_CHARS = 40
_ENCLOSED_SHARE = 0.5
"""The share of a message's lines that are a paste from which on lines between two pastes are no person's words."""
_MAX_MENTION_CHARS = 200
_MIN_FIELDS = 3
_QUOTED_ERROR = re.compile(
    r"^\W{0,6}(?:Uncaught )?((?:[\w.]*(?:Error|Exception)|error(?:\[\w+\]| TS\d+)?|fatal|panic): ?\S[^\n]{3,})", re.M
)

_LINE_FORMS = (
    r"\[?\d{4}[-/.]\d\d[-/.]\d\d[T ,]+\d\d[:.]\d\d",
    r"\[?\d\d:\d\d:\d\d(?:[.,]\d+)?[\] ]",
    r"[A-Z][a-z]{2} {1,2}\d{1,2} \d\d:\d\d:\d\d ",
    r"\[?(?:TRACE|DEBUG|INFO|NOTICE|WARN(?:ING)?|ERROR|FATAL|CRITICAL|PANIC)\b[\]:| \t]",
    r"\d{1,3}(?:\.\d{1,3}){3} - - \[",
    r"(?:npm|yarn|pnpm) (?:ERR!|error|warn|notice)",
    r"[\w.-]+(?:-\d+)? +\| ",
    r"at [\w$.<>\[\] /@-]+ ?\(.*\)$|at \S+:\d+(?::\d+)?\)?$|at [\w$.]+\(.*\)$",
    r"File \".*\", line \d+",
    r"Traceback \(most recent call last\)|Caused by: |\.{3} \d+ more$|goroutine \d+ \[|thread '.*' panicked at",
    r"(?:[A-Za-z_][\w.]*)?(?:Error|Exception|Warning|Panic)(?:: |$)|E   ",
    r"[^\s:]+\.\w{1,5}[:(]\d+(?:[:,]\d+)?[:)]",
    r"(?:error|warning|note)(?:\[\w+\])?: |FAILED |PASSED |ok \d+ |not ok \d+ |--- (?:FAIL|PASS|SKIP): |\d+ (?:passed|failed)",
    r"diff --git |index [0-9a-f]{7,}\.\.|(?:---|\+\+\+) (?:[ab]/|/dev/null)|@@ -\d+(?:,\d+)? \+\d+(?:,\d+)? @@|(?:new|deleted) file mode \d+",
    r"[\[{(]$|[\]})]+[,;]?$|\"(?:[^\"\\]|\\.)*\"\s*:\s*.*[,\[{\"\d\]}el]$|\"(?:[^\"\\]|\\.)*\",?$",
    r"\{\".*\}[,;]?$|\[\{?[\"'].*\]$",
    r"</?[A-Za-z][\w:-]*(?:\s[^<>]*)?/?>",
    r"(?:[\w.-]+@[\w.-]+:[^\n$#]*|PS [A-Z]:\\[^>\n]*|[A-Z]:\\[^>\n]*)[$#>](?: |$)|➜  ",
    r"[│┃┆╎├└┌┐┘┤┬┴┼╭╮╰╯═║╔╗╚╝╠╣─━█▌▐░▒▓✓✗✔✖●○▸▶►⏺⎿] ?",
    r"[drwx-]{10}[.@+]? +\d+ ",
    r">? ?\d{1,6} +[|│](?: |$)|[|│] *[\^~]+|(?:GET|POST|PUT|PATCH|DELETE|HEAD|OPTIONS) \S+(?: HTTP/[\d.]+\"?)? \d{3}\b",
    r"[⨯✘✖❯›] ?\S|\[?\w[\w.-]*\] (?:starting|watching|restarting|app crashed|clean exit|building|compil)",
    r"(?:=> )+|#\d+ (?:\d+\.\d+ |\[|DONE|CACHED|ERROR|sha256:)|(?:\[\+\] Building|-{3,}> [0-9a-f]{12}|Step \d+/\d+ :)",
    r"-{5}(?:BEGIN|END) [A-Z0-9 ]+-{5}|[A-Za-z0-9+/]{60,}={0,2}$",
    r"={3,} .+ ={3,}$|\d+:\d+ +(?:error|warning|info) |> [\w@./-]+@\d+\.\d+\.\d+(?:-[\w.]+)? [\w:-]+",
)
_DIFF_LINE = re.compile(r"[+\- ](?!-- )|\\ No newline")
_DIFF_HEAD = re.compile(r"\s*(?:diff --git |@@ -\d)")
_TRACE_HEAD = re.compile(r"\s*(?:Traceback \(most recent|Exception in thread|panic: |thread '.*' panicked)|.*\w(?:Error|Exception): ")
_TROUBLE = re.compile(r"(?i)error|exception|fail|fatal|panic|denied|refused|timeout|not found|cannot|unable")
_MAIL_HEAD = re.compile(
    r"(?i)\s*(?:-{2,} ?(?:original message|forwarded message|ursprüngliche nachricht|message d'origine|mensaje original|原始邮件|元のメッセージ).*"
    r"|(?:from|von|de|da|van|od|от|发件人|寄件者|差出人|보낸 사람)\s*[:：] ?.*[<@\w].*)$"
)
_MAIL_FIELD = re.compile(
    r"(?i)\s*(?:sent|date|to|cc|subject|reply-to|gesendet|datum|an|betreff|envoyé|à|objet|date d'envoi|enviado|para|asunto|assunto|inviato|a|oggetto"
    r"|отправлено|кому|тема|发送时间|收件人|主题|主旨|日期|送信日時|宛先|件名|보낸 날짜|받는 사람|제목)\s*[:：]"
)
_QUOTE_HEAD = re.compile(
    r".{8,120}(?:wrote|schrieb|a écrit|escribió|escreveu|ha scritto|написал\(?а?\)?|写道|写道|のメッセージ|님이 작성)\s?[:：]\s*$"
)


def strip_pastes(text: str) -> str:
    """Return *text* without pastes; if it is nothing else, the most informative line of the paste. A text without any is unchanged."""
    if not _may_hold_paste(text):
        return text
    lines = text.split("\n")
    pasted = _find_pastes(lines)
    if not any(pasted):
        return text
    words = "\n".join(line for line, is_pasted in zip(lines, pasted, strict=True) if not is_pasted)
    words = re.sub(r"\n\s*\n\s*\n+", "\n\n", words).strip()
    return words if any(map(str.isalnum, words)) else _mention([line for line, is_pasted in zip(lines, pasted, strict=True) if is_pasted])


def quoted_error(text: str) -> str:
    """Return the first line of *text* that names an error, as runtimes and compilers print it; empty where none does."""
    error = _QUOTED_ERROR.search(text)
    line = " ".join(error.group(1).replace("`", "'").split()) if error else ""
    return line if len(line) <= _MAX_MENTION_CHARS else f"{line[:_MAX_MENTION_CHARS].rstrip()} …"


def is_paste(text: str) -> bool:
    """Return whether *text* is a paste and nothing else."""
    if not _may_hold_paste(text):
        return False
    lines = text.split("\n")
    return not any(any(map(str.isalnum, line)) for line, is_pasted in zip(lines, _find_pastes(lines), strict=True) if not is_pasted)


def _may_hold_paste(text: str) -> bool:
    return text.count("\n") >= _MIN_LINES - 1 or (len(text) >= _MIN_JSON_CHARS and text.lstrip()[:1] in ("{", "["))


@cache
def _line_form() -> re.Pattern[str]:
    return re.compile(rf"\s*(?:{'|'.join(_LINE_FORMS)})")


def _find_pastes(lines: Sequence[str]) -> list[bool]:
    """Return for each line whether it belongs to a paste."""
    fenced = _fenced_lines(lines)
    formed = [not fence and _line_form().match(line) is not None for line, fence in zip(lines, fenced, strict=True)]
    pasted = [not fence and _is_json(line) for line, fence in zip(lines, fenced, strict=True)]
    for first, last in _runs(formed, lines):
        pasted[first : last + 1] = [True] * (last + 1 - first)
    _mark_values(lines, fenced, pasted)
    _mark_diffs_and_traces(lines, fenced, pasted)
    _mark_mail(lines, fenced, pasted)
    _mark_enclosed(lines, fenced, pasted)
    return pasted


def _fenced_lines(lines: Sequence[str]) -> list[bool]:
    fence, fenced = "", list[bool]()
    for line in lines:
        mark = line.lstrip()[:3]
        is_edge = mark in ("```", "~~~") and fence in ("", mark)
        fenced.append(bool(fence) or is_edge)
        if is_edge:
            fence = "" if fence else mark
    return fenced


def _is_json(line: str) -> bool:
    """Return whether one line is a JSON or Python value: brackets around it, and as many keys or strings as a value has."""
    bare = line.strip().rstrip(",;")
    if len(bare) < _MIN_JSON_CHARS or (bare[0], bare[-1]) not in (("{", "}"), ("[", "]")):
        return False
    return bare.count('":') + bare.count('": ') + bare.count("':") >= 2 or bare.count('", "') + bare.count('","') >= 2


def _runs(formed: Sequence[bool], lines: Sequence[str]) -> list[tuple[int, int]]:
    """Return the first and last line of every run of lines of a paste's form, with small gaps inside it."""
    runs: list[tuple[int, int]] = []
    start = last = -1
    count = gap = 0
    for number, is_formed in enumerate([*formed, False, False, False]):
        if is_formed:
            if start < 0:
                start, count = number, 0
            last, gap, count = number, 0, count + 1
        elif start >= 0:
            # A paragraph of its own is the person's; a line within the paste's block is not.
            is_blank = number >= len(lines) or not lines[number].strip()
            gap += 1
            if gap > _MAX_GAP or (is_blank and not _goes_on(formed, number)):
                if count >= _MIN_LINES:
                    runs.append((start, last))
                start = -1
    return runs


def _goes_on(formed: Sequence[bool], number: int) -> bool:
    return number + 1 < len(formed) and formed[number + 1]


def _mark_values(lines: Sequence[str], fenced: Sequence[bool], pasted: list[bool]) -> None:
    """Mark rows of values: three lines or more with the same number of tabs, commas or semicolons, and short fields."""
    for separator in ("\t", ",", ";"):
        first = 0
        counts = [
            0 if fence or pasted_line else _count_fields(line, separator)
            for line, fence, pasted_line in zip(lines, fenced, pasted, strict=True)
        ]
        for number in range(1, len(lines) + 1):
            if number < len(lines) and counts[number] and counts[number] == counts[first]:
                continue
            if counts[first] and number - first >= _MIN_LINES:
                pasted[first:number] = [True] * (number - first)
            first = number


def _count_fields(line: str, separator: str) -> int:
    """Return the number of fields of a row; 0 for prose, whose commas are followed by spaces and whose parts are long."""
    fields = line.strip().split(separator)
    if len(fields) < (2 if separator == "\t" else _MIN_FIELDS) or line.rstrip().endswith((".", "!", "?", "。", ":")):
        return 0
    if separator != "\t" and sum(field.startswith(" ") for field in fields[1:]) > len(fields) // 2:
        return 0
    return len(fields) if sum(map(len, fields)) <= 40 * len(fields) else 0


def _mark_diffs_and_traces(lines: Sequence[str], fenced: Sequence[bool], pasted: list[bool]) -> None:
    """Mark the lines of a hunk after its head, and the indented lines of a trace after its head."""
    kind = ""
    for number, line in enumerate(lines):
        if fenced[number]:
            kind = ""
        elif _DIFF_HEAD.match(line):
            kind = "diff"
            pasted[number] = True
        elif kind == "diff":
            if _DIFF_LINE.match(line) or pasted[number]:
                pasted[number] = True
            else:
                kind = ""
        elif _TRACE_HEAD.match(line) and number + 1 < len(lines) and (pasted[number + 1] or _line_form().match(lines[number + 1])):
            kind = "trace"
            pasted[number] = True
        elif kind == "trace":
            if line[:1] in (" ", "\t") or _line_form().match(line):
                pasted[number] = True
            else:
                kind = ""


def _mark_mail(lines: Sequence[str], fenced: Sequence[bool], pasted: list[bool]) -> None:
    """Mark quoted mail: a mail with its head fields, to the end of the message, and lines that begin with `>` after "… wrote:".

    Where a mail opens the message, its last paragraph counts as the person's own words.
    """
    for number, line in enumerate(lines):
        if fenced[number]:
            continue
        fields = sum(_MAIL_FIELD.match(other) is not None for other in lines[number + 1 : number + 6])
        if _MAIL_HEAD.match(line) and fields >= 2:
            end = len(lines)
            if not any(before.strip() for before in lines[:number]):
                paragraphs = [place for place, other in enumerate(lines) if not other.strip() and place > number]
                end = paragraphs[-1] if len(paragraphs) > 1 else end
            pasted[number:end] = [True] * (end - number)
            return
        following = next((other for other in lines[number + 1 : number + 3] if other.strip()), "")
        if _QUOTE_HEAD.match(line) and following.lstrip().startswith(">"):
            pasted[number] = True
            for place in range(number + 1, len(lines)):
                if lines[place].strip() and not lines[place].lstrip().startswith(">"):
                    break
                pasted[place] = True


def _mark_enclosed(lines: Sequence[str], fenced: Sequence[bool], pasted: list[bool]) -> None:
    """Mark a whole message as a paste if it begins and ends in a paste and most of it is one."""
    filled = [number for number, line in enumerate(lines) if line.strip()]
    if not filled or not (pasted[filled[0]] and pasted[filled[-1]]) or any(fenced):
        return
    if sum(pasted[number] for number in filled) >= _ENCLOSED_SHARE * len(filled):
        pasted[:] = [True] * len(lines)


def _mention(pasted_lines: Sequence[str]) -> str:
    """Return the most informative line of a paste: the last one that names trouble, else the first with words."""
    filled = [line.strip() for line in pasted_lines if sum(map(str.isalpha, line)) >= _MIN_LINES]
    line = next((line for line in reversed(filled) if _TROUBLE.search(line)), filled[0] if filled else "")
    return line if len(line) <= _MAX_MENTION_CHARS else f"{line[:_MAX_MENTION_CHARS].rstrip()} …"
