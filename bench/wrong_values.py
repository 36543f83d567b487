"""Wrong lines as models produce them: a correct line with one exact value exchanged, invented, taken from another line, or misremembered.

The wrong values come from fixed pools or from other lines of the same handoff, independent of the guard.
"""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Iterator, Sequence
from itertools import pairwise
from typing import NamedTuple

from onward.core.facts.fact import Fact

Change = Callable[[str, random.Random, Sequence[Fact]], str | None]


class WrongLine(NamedTuple):
    """A wrong line: its kind, the facts it cites, its text, and the correct text."""

    kind: str
    facts: tuple[str, ...]
    text: str
    right: str


_PATH = re.compile(r"(?:[\w.@~-]*/)+[\w.@-]*\w|\b[\w-]+\.(?:py|ts|tsx|js|go|rs|md|json|toml|ya?ml|sh|html|css|sql|conf|lock)\b")
_URL = re.compile(r"https?://[^\s)>\]\"'`]+")
_NUMBER = re.compile(r"(?<![\w./#-])\d{1,6}(?![\w/.-]|:\d)")
_VERSION = re.compile(r"\bv?\d+\.\d+(?:\.\d+)?\b(?!\.\d)")
_ID = re.compile(r"\b(?=[0-9a-f]*\d)(?=[0-9a-f]*[a-f])[0-9a-f]{7,40}\b|#\d+\b")
_FLAG = re.compile(r"(?<![\w-])--[a-z][\w-]+")
_ENV = re.compile(r"\b[A-Z][A-Z0-9]*_[A-Z0-9_]+\b")
_CODE = re.compile(r"\b[a-z]+(?:_[a-z0-9]+)+\b|\b[a-z]+[A-Z]\w+\b")
_UNIT = re.compile(r"(?<=\d)\s?(ms|s|seconds?|minutes?|hours?|KB|MB|GB|kb|mb|px|mm|%)\b")
_PRODUCT = re.compile(
    r"\b(?:SQLite|PostgreSQL|Postgres|Redis|MySQL|MongoDB|Node|Docker|Kubernetes|React|Vue|Svelte|FastAPI|Flask|Django|TypeScript|JavaScript|Python|Rust|Go|nginx|"
    r"vitest|jest|pytest|npm|pnpm|yarn|bun|vite|webpack|GitHub|GitLab|OpenAI|Claude|Gemini|Copilot|Codex|Cursor)\b"
)
_PRODUCTS = (
    "PostgreSQL",
    "Redis",
    "MySQL",
    "MongoDB",
    "DynamoDB",
    "Kafka",
    "RabbitMQ",
    "Caddy",
    "traefik",
    "Apache",
    "memcached",
    "DuckDB",
    "Elasticsearch",
    "Deno",
    "mocha",
    "podman",
    "Angular",
    "Bitbucket",
    "Azure",
    "Celery",
    "gunicorn",
    "Express",
    "Next.js",
    "haproxy",
    "MariaDB",
    "poetry",
    "conda",
    "gradle",
)
_FILES = (
    "utils",
    "helpers",
    "config",
    "index",
    "main",
    "server",
    "client",
    "api",
    "auth",
    "database",
    "handler",
    "models",
    "service",
    "types",
)
_FOLDERS = ("src", "lib", "app", "packages", "internal", "core", "server", "backend", "components", "tests", "scripts")
_FLAGS = ("--force", "--verbose", "--no-cache", "--watch", "--dry-run", "--all", "--recursive", "--production", "--skip-tests", "--yes")
_TAILS = (
    " It listens on port 3000.",
    " See `src/utils/config.ts`.",
    " This needs version 2.1.0.",
    " It took 45 seconds.",
    " Run `make deploy` with `--force`.",
    " The docs are at https://docs.example.com/setup.",
    " Coverage is 87%.",
    " `API_BASE_URL` has to be set.",
    " Fixed in commit 9f3b2c1.",
    " It fails on Windows.",
    " All 42 tests pass.",
    " The cache holds 500 MB.",
    " It was reported in #128.",
    " Jenkins runs it every night.",
)
_NUMBERS = {
    2: "two",
    3: "three",
    4: "four",
    5: "five",
    6: "six",
    7: "seven",
    8: "eight",
    9: "nine",
    10: "ten",
    12: "twelve",
    15: "fifteen",
    20: "twenty",
}


def wrong_lines(facts: Sequence[Fact], chance: random.Random) -> Iterator[WrongLine]:
    """Yield every wrong line that the *facts* of one handoff allow, one of each kind for each fact, in random order."""
    lines = [
        WrongLine(kind, (fact.id,), changed, fact.text)
        for fact in facts
        for kind, change in CHANGES.items()
        if (changed := change(fact.text, chance, facts)) and changed != fact.text
    ]
    lines += _cross_facts(facts)
    chance.shuffle(lines)
    yield from lines


def _exchange(pattern: re.Pattern[str], make: Callable[[str, random.Random], str]) -> Change:
    def change(text: str, chance: random.Random, _: Sequence[Fact]) -> str | None:
        places = list(pattern.finditer(text))
        if not places:
            return None
        place = chance.choice(places)
        replacement = make(place[0], chance)
        # A value that occurs elsewhere in the text would not be wrong.
        return None if replacement.lower() in text.lower() else text[: place.start()] + replacement + text[place.end() :]

    return change


def _other_file(path: str, chance: random.Random) -> str:
    folder, _, name = path.rpartition("/")
    stem, dot, ending = name.partition(".")
    file_name = f"{chance.choice([other for other in _FILES if other != stem])}{dot}{ending}"
    return f"{folder}/{file_name}" if folder else file_name


def _other_folder(path: str, chance: random.Random) -> str:
    folder, _, name = path.rpartition("/")
    return f"{chance.choice([other for other in _FOLDERS if other not in folder.split('/')])}/{name}"


def _other_ending(path: str, chance: random.Random) -> str:
    stem, dot, ending = path.rpartition(".")
    return (
        f"{stem}.{chance.choice([other for other in ('ts', 'js', 'py', 'go', 'json', 'yaml', 'mjs') if other != ending])}"
        if dot
        else f"{path}.py"
    )


def _other_number(number: str, chance: random.Random) -> str:
    digits = list(number)
    place = chance.randrange(len(digits))
    digits[place] = chance.choice([digit for digit in "123456789" if digit != digits[place]])
    return "".join(digits)


def _near_number(number: str, chance: random.Random) -> str:
    return str(int(number) + chance.choice((1, 2, 10)))


def _spelled_number(number: str, chance: random.Random) -> str:
    return chance.choice([word for value, word in _NUMBERS.items() if value != int(number)])


def _other_version(version: str, chance: random.Random) -> str:
    parts = version.split(".")
    place = chance.randrange(len(parts))
    digits = re.sub(r"\D", "", parts[place]) or "1"
    parts[place] = parts[place].replace(digits, str(int(digits) + chance.choice((1, 2, 3))))
    return ".".join(parts)


def _other_id(name: str, chance: random.Random) -> str:
    if name[0] == "#":
        return f"#{int(name[1:]) + chance.choice((1, 2, 7))}"
    place = chance.randrange(len(name))
    return name[:place] + chance.choice([digit for digit in "0123456789abcdef" if digit != name[place]]) + name[place + 1 :]


def _other_url(url: str, chance: random.Random) -> str:
    scheme, _, rest = url.partition("://")
    host, slash, path = rest.partition("/")
    ways = [
        f"{scheme}://{host.replace('.', '-', 1)}.io{slash}{path}",
        f"{url.rstrip('/')}/issues",
        f"{scheme}://{host}/docs/{path.rsplit('/', 1)[-1]}",
    ]
    if digit := re.search(r"\d(?=\D*$)", url):
        ways.append(url[: digit.start()] + str((int(digit[0]) + 1) % 10) + url[digit.end() :])
    return chance.choice(ways)


def _other_env(name: str, chance: random.Random) -> str:
    parts = name.split("_")
    parts[chance.randrange(len(parts))] = chance.choice(("APP", "SERVICE", "BASE", "KEY", "PATH", "LIMIT"))
    return "_".join(parts)


def _other_code(name: str, chance: random.Random) -> str:
    return chance.choice((f"get_{name}", f"{name}_v2", f"{name}Async", name.replace("_", "") if "_" in name else f"{name}Handler"))


def _other_unit(unit: str, chance: random.Random) -> str:
    space = " " if unit[:1] == " " else ""
    return space + chance.choice(
        [other for other in ("ms", "seconds", "minutes", "MB", "GB", "%") if other[0].lower() != unit.strip()[0].lower()]
    )


def _with_tail(text: str, chance: random.Random, _: Sequence[Fact]) -> str:
    return text.rstrip(" ;.") + "." + chance.choice(_TAILS)


def _swap_value(text: str, chance: random.Random, facts: Sequence[Fact]) -> str | None:
    """Return *text* with a value of the same kind from another line of the handoff."""
    for pattern in chance.sample(_KINDS, len(_KINDS)):
        here = list(pattern.finditer(text))
        others = [
            value
            for fact in facts
            for value in pattern.findall(fact.text)
            if value not in text and not any(value in match[0] or match[0] in value for match in here)
        ]
        if here and others:
            place = chance.choice(here)
            return text[: place.start()] + chance.choice(others) + text[place.end() :]
    return None


def _cross_facts(facts: Sequence[Fact]) -> Iterator[WrongLine]:
    """Yield lines that state two facts with their values swapped."""
    for first, other in pairwise(facts):
        for pattern in _KINDS:
            first_match, other_match = pattern.search(first.text), pattern.search(other.text)
            if (
                first_match
                and other_match
                and first_match[0] not in other.text
                and other_match[0] not in first.text
                and len(first.text) + len(other.text) < 500
            ):
                mixed = first.text[: first_match.start()] + other_match[0] + first.text[first_match.end() :]
                beside = other.text[: other_match.start()] + first_match[0] + other.text[other_match.end() :]
                yield WrongLine("crossed", (first.id, other.id), f"{mixed} {beside}", f"{first.text} {other.text}")
                break


_KINDS = (_PATH, _URL, _NUMBER, _VERSION, _ID, _FLAG, _ENV, _CODE)

CHANGES: dict[str, Change] = {
    "file": _exchange(_PATH, _other_file),
    "folder": _exchange(_PATH, _other_folder),
    "ending": _exchange(_PATH, _other_ending),
    "number": _exchange(_NUMBER, _other_number),
    "near number": _exchange(_NUMBER, _near_number),
    "spelled number": _exchange(_NUMBER, _spelled_number),
    "version": _exchange(_VERSION, _other_version),
    "id": _exchange(_ID, _other_id),
    "url": _exchange(_URL, _other_url),
    "flag": _exchange(_FLAG, lambda _, chance: chance.choice(_FLAGS)),
    "variable": _exchange(_ENV, _other_env),
    "code": _exchange(_CODE, _other_code),
    "unit": _exchange(_UNIT, _other_unit),
    "product": _exchange(_PRODUCT, lambda _, chance: chance.choice(_PRODUCTS)),
    "invented": _with_tail,
    "swapped": _swap_value,
}
