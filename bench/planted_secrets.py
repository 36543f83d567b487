"""Count the secrets that redaction lets through, and the harmless texts that it changes.

    python -m bench.planted_secrets [--misses] [--families NAMES]

Every kind of `secret_kinds.toml`, and of the five later files, is assembled at run time with random values and put into every
place in which transcripts hold text: as it is, between lines, as JSON and JSON in JSON, numbered by `cat -n` and by an agent's Read,
quoted, in diffs, coloured, and so on. A secret counts as found when neither it nor half of it is left. Half of the kinds of each file are
held out: a digest of the name decides, rules are developed on the others only, and `--misses` lists misses of those. Harmless texts count
as changed when any character of them is.
"""

from __future__ import annotations

import argparse
import html
import json
import random
import re
import string
import textwrap
import time
import tomllib
import uuid
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from bench.formats import DATA, data_files
from bench.report import keep, table
from onward.core.transcript.transcript import ImportReport, Turn
from onward.errors import OnwardError
from onward.formats import open_source, read
from onward.redact import DISTILL_KEY, Redactor
from onward.redact.finder import find_secrets
from onward.redact.needles import has_telling_word

KINDS = {
    name: Path(__file__).with_name(name)
    for name in (
        "secret_kinds.toml",
        "second_secret_kinds.toml",
        "third_secret_kinds.toml",
        "fourth_secret_kinds.toml",
        "fifth_secret_kinds.toml",
        "sixth_secret_kinds.toml",
    )
}
HALVES = ("developed on", "held out", "held out, second", "held out, third", "held out, fourth", "held out, fifth", "held out, sixth")
_OPEN, _CLOSE = "{{", "}}"
_SHORT = re.compile(r"\{\{(uuid|[a-zA-Z]\d+)\}\}")
_VALUE = re.compile(r"<(uuid|[a-zA-Z]\d+)>")
_SECRET = re.compile(f"{_OPEN}(.*?){_CLOSE}", re.DOTALL)
_WORD = re.compile(r"\w+")
_PASSWORD_MARKS = "!#%-_.+"
_ALPHABETS = {
    "a": string.ascii_letters + string.digits,
    "l": string.ascii_lowercase + string.digits,
    "u": string.ascii_uppercase + string.digits,
    "h": "0123456789abcdef",
    "H": "0123456789ABCDEF",
    "d": string.digits,
    "L": string.ascii_letters,
    "n": string.ascii_letters,
    "b": string.ascii_letters + string.digits + "+/",
    "w": string.ascii_letters + string.digits + "_-",
    "r": string.ascii_uppercase + "234567",
    "y": "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz",
    "q": "QPZRY9X8GF2TVDW0S3JN54KHCE6MUA7L",
    "x": string.ascii_lowercase,
    "p": string.ascii_letters + string.digits + _PASSWORD_MARKS,
    "P": string.ascii_letters + string.digits + "!#$%&()*+,-./:;<=>?@[]^_{|}~",
}
CARRIERS: dict[str, str] = {
    "alone": "{}",
    "environment": "export SERVICE_VALUE={}",
    "json": '{"value": "{}", "next": 1}',
    "prose": "I used {} for the call, and it worked.",
    "address": "https://example.org/callback?state=4&code={}",
    "call": "client = Client('{}', timeout=30)",
    "glued": "service-key_{}",
}
"""Texts around the kinds with a form of their own."""


@dataclass(frozen=True, slots=True)
class Case:
    """A text with secrets in it; without any for a harmless one."""

    family: str
    kind: str
    text: str
    secrets: tuple[str, ...]
    file: str

    @property
    def is_held_out(self) -> bool:
        """Whether rules may not be developed on this kind."""
        return sha256(self.kind.encode()).digest()[0] % 2 == 1

    @property
    def half(self) -> str:
        """The one of `HALVES` to which this kind belongs."""
        return HALVES[1 + list(KINDS).index(self.file) if self.is_held_out else 0]


def _between_lines(text: str) -> str:
    return f"Done, see below.\n\n{text}\n\nAnything else?"


def _prefixed(prefix: str) -> Callable[[str], str]:
    return lambda text: "\n".join(f"{prefix}{line}" for line in ("first line", *text.split("\n"), "last line"))


def _numbered(separator: str) -> Callable[[str], str]:
    return lambda text: "\n".join(f"{number:6}{separator}{line}" for number, line in enumerate(("import os", *text.split("\n"), ""), 9))


def _as_json(text: str) -> str:
    return json.dumps({"stdout": f"ok\n{text}\n", "code": 0})


def _coloured(text: str) -> str:
    return re.sub(r"(\S{8,})", "\x1b[32m\\1\x1b[0m", text)


PLACES: dict[str, Callable[[str], str]] = {
    "as it is": str,
    "between lines": _between_lines,
    "JSON": _as_json,
    "JSON in JSON": lambda text: json.dumps({"content": _as_json(text)}),
    "JSON without ASCII escapes": lambda text: json.dumps({"text": text}, ensure_ascii=False),
    "cat -n": _numbered("\t"),
    "Read": _numbered("→"),
    "quoted": _prefixed("> "),
    "diff, added": _prefixed("+"),
    "diff, removed": _prefixed("-"),
    "grep": _prefixed("src/config/settings.py:12:"),
    "log": _prefixed("2026-11-30T21:22:13Z INFO worker "),
    "indented": _prefixed("        "),
    "fenced": lambda text: f"```sh\n{text}\n```",
    "Windows lines": lambda text: "\r\n".join(("first line", *text.split("\n"), "last line")),
    "table": lambda text: "| name | value |\n|---|---|\n" + "\n".join(f"| x | {line} |" for line in text.split("\n")),
    "coloured": _coloured,
    "JSON three times": lambda text: json.dumps([json.dumps({"content": _as_json(text)})]),
    "HTML": html.escape,
    "container log": _prefixed("web-1  | "),
    "match coloured": lambda text: re.sub(r"(\S{4})(\S{4,})", "\\1\x1b[01;31m\x1b[K\\2\x1b[m\x1b[K", text),
    "wrapped": lambda text: "\n".join(
        "\n".join(textwrap.wrap(line, 76, drop_whitespace=False, break_on_hyphens=False)) or line for line in text.split("\n")
    ),
}


def cases(families: tuple[str, ...] = ()) -> Iterator[Case]:
    """Yield every kind, those with a form of their own once for each carrier."""
    for file, path in KINDS.items():
        document: dict[str, dict[str, str]] = tomllib.loads(path.read_text(encoding="utf-8"))
        for family, kinds in document.items():
            if not families or family in families:
                for kind, pattern in kinds.items():
                    yield from _cases_of_kind(file, family, kind, pattern)


def _cases_of_kind(file: str, family: str, kind: str, pattern: str) -> Iterator[Case]:
    chance = random.Random(f"{family} {kind}")
    for carrier in CARRIERS.values() if family == "shape" else (None,):
        full = carrier.replace("{}", f"{_OPEN}{pattern}{_CLOSE}") if carrier else pattern
        yield _case(file, family, kind, full, chance)


def _case(file: str, family: str, kind: str, pattern: str, chance: random.Random) -> Case:
    full = _SHORT.sub(rf"{_OPEN}<\1>{_CLOSE}", pattern)
    filled = _VALUE.sub(lambda match: _random_value(match[1], chance), full)
    return Case(
        file=file,
        family=family,
        kind=kind,
        text=_SECRET.sub(r"\1", filled).replace("~~", ""),
        secrets=tuple(secret.replace("~~", "") for secret in _SECRET.findall(filled)),
    )


def _random_value(code: str, chance: random.Random) -> str:
    if code == "uuid":
        return str(uuid.UUID(int=chance.getrandbits(128), version=4))
    name, length = code[0], int(code[1:])
    if name in "kj":
        lines = ["".join(chance.choices(_ALPHABETS["b"], k=64)) for _ in range(length)]
        return ("\n" if name == "k" else "\\n").join(lines)
    alphabet = _ALPHABETS[name]
    while True:
        value = "".join(chance.choices(alphabet, k=length))
        if name not in "pP" or (value[0].isalnum() and value[-1].isalnum() and _is_mixed(value)):
            return value


def _is_mixed(value: str) -> bool:
    return any(map(str.isdigit, value)) and any(map(str.isupper, value)) and any(map(str.islower, value)) and not value.isalnum()


def is_leaked(secret: str, clean: str) -> bool:
    """Return whether a line of *secret*, or half of it, is left in *clean*."""
    plain = re.sub(r"\x1b\[[\d;]*[mK]", "", clean)
    for line in re.split(r"\n|\\n", secret):
        size = len(line) if len(line) < 16 else len(line) // 2
        if size >= 4 and any(line[start : start + size] in plain for start in range(0, len(line) - size + 1, max(1, size // 4))):
            return True
    return False


def is_intact(case: Case, placed: str, clean: str) -> bool:
    """Return whether the words around the secrets of *case* are still there, but for one in five."""
    for secret in case.secrets:
        placed = placed.replace(secret, " ")
    around = Counter(_WORD.findall(placed))
    lost = sum((around - Counter(_WORD.findall(clean))).values())
    return lost <= max(1, around.total() // 5)


def main(arguments: list[str] | None = None) -> None:
    """Redact every case in every place, print the tables, and write the JSON."""
    argument_parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    argument_parser.add_argument("--misses", action="store_true", help="list what is missed of the kinds that are not held out")
    argument_parser.add_argument("--families", default="", metavar="NAMES", help="only these families, separated by commas")
    options = argument_parser.parse_args(arguments)
    redactor = Redactor(DISTILL_KEY)
    outcomes_by: dict[tuple[str, str], list[bool]] = defaultdict(list)
    missed: dict[str, list[str]] = defaultdict(list)
    damaged: Counter[str] = Counter()
    changed: dict[str, list[str]] = defaultdict(list)
    started, chars, harmless, secret_texts = time.process_time(), 0, 0, 0
    for case in cases(tuple(filter(None, options.families.split(",")))):
        for place, put in PLACES.items():
            placed = put(case.text)
            clean = redactor.text(placed)
            chars += len(placed)
            if not case.secrets:
                harmless += 1
                if clean != placed:
                    changed[f"{case.half}: {case.kind}"].append(f"{place}: {clean}")
                continue
            secret_texts += 1
            is_found = not any(is_leaked(secret, clean) for secret in case.secrets)
            half = case.half
            outcomes_by[case.family, half].append(is_found)
            outcomes_by[f"place: {place}", half].append(is_found)
            if not is_found and not case.is_held_out:
                missed[f"{case.family} {case.kind}"].append(f"{place}: {placed}")
            damaged[half] += not is_intact(case, placed, clean)
    seconds = time.process_time() - started
    rows = [
        (name, *(value for half in HALVES for value in _share(outcomes_by.get((name, half), []))))
        for name in dict.fromkeys(name for name, _ in outcomes_by)
    ]
    totals = [
        [
            outcome
            for (name, half), outcomes in outcomes_by.items()
            if half == wanted and not name.startswith("place: ")
            for outcome in outcomes
        ]
        for wanted in HALVES
    ]
    rows.append(("all", *(value for outcomes in totals for value in _share(outcomes))))
    heads = ("secrets", *(head for half in HALVES for head in (half.removeprefix("held out, "), "found %")))
    print(table(heads, rows))
    eaten = sum(map(len, changed.values()))
    print(f"\nharmless texts changed: {eaten} of {harmless} ({100 * eaten / max(1, harmless):.2f} %), of {len(changed)} kinds")
    print(f"of them held out: {sum(len(texts) for name, texts in changed.items() if not name.startswith(HALVES[0]))}")
    print(f"surroundings damaged: {', '.join(f'{half} {damaged[half]}' for half in HALVES)}, of {secret_texts}")
    print(f"{1e9 * seconds / max(1, chars):.0f} ms/MB on the planted texts, nearly all of which hold a secret or look like it")
    for name, texts in transcript_texts().items():
        print(f"{_ms_per_megabyte(texts):.1f} ms/MB on texts of transcripts {name}")
    if options.misses:
        _print_misses(missed, changed)
    keep("secrets", {"rows": rows, "harmless": harmless, "changed": {kind: len(texts) for kind, texts in changed.items()}}, arguments)


def _print_misses(missed: dict[str, list[str]], changed: dict[str, list[str]]) -> None:
    for kind, texts in missed.items():
        print(f"\n{kind}: {len(texts)} missed\n  " + "\n  ".join(repr(text)[:200] for text in texts[:2]))
    for kind, texts in changed.items():
        if kind.startswith(HALVES[0]):
            print(f"\nharmless {kind}: {len(texts)} changed\n  {texts[0][:200]!r}")


def transcript_texts() -> dict[str, list[str]]:
    """Return pieces of the transcripts beside the repository, of some 4 kB each: those in which no telling word occurs, and the others."""
    texts: dict[str, list[str]] = {"without a telling word": [], "with one": []}
    size = 0
    for path, _ in data_files(DATA) if DATA.is_dir() else ():
        if size > _TIMED_CHARS:
            break
        with suppress(OnwardError, OSError):
            for item in read(open_source(path), ImportReport()):
                if not isinstance(item, Turn):
                    continue
                lines = "\n".join((item.text, item.thinking, *(result.text for result in item.results))).splitlines()
                for is_clean in (True, False):
                    part = [line for line in lines if has_telling_word(line) is not is_clean]
                    text = "\n".join(part if is_clean else lines)
                    if len(text) >= _PIECE_CHARS // 2 and (has_telling_word(text) is not is_clean):
                        size += len(text)
                        texts["without a telling word" if is_clean else "with one"] += [
                            text[start : start + _PIECE_CHARS] for start in range(0, len(text), _PIECE_CHARS)
                        ]
    return texts


_TIMED_CHARS = 8_000_000
_PIECE_CHARS = 4000


def _ms_per_megabyte(texts: list[str]) -> float:
    find_secrets("a text long enough to compile what is compiled once")
    least = float("inf")
    for _ in range(3):
        started = time.process_time()
        for text in texts:
            find_secrets(text)
        least = min(least, time.process_time() - started)
    return 1e9 * least / max(1, sum(map(len, texts)))


def _share(outcomes: list[bool]) -> tuple[int, float]:
    return len(outcomes), 100 * sum(outcomes) / max(1, len(outcomes))


if __name__ == "__main__":
    main()
