"""Errors met before: whether `knowledge seen` finds what ended an error, asked for by another wording of it.

    python -m bench.errors [--misses] [--shared FOLDER]

Each error of `errors.toml` is met in a session of its own project; all sessions are imported into one store and completed. Then the same
error is asked for, with other paths, names, versions and numbers, in a project that has not met it. It is found if one of the first three
answers has the words of its fix. An error that no session has met must have no answer.

The errors of `shared_errors.toml` were met in transcripts of strangers (shared data, not part of this repository), which are imported into
a second store, each folder as a project.
"""

from __future__ import annotations

import argparse
import json
import re
import sys
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, NamedTuple

from bench.distillation import complete
from bench.intervals import format_share
from bench.report import keep, table
from onward.app.knowledge import knowledge
from onward.app.projects import projects
from onward.app.projects.projects import Project
from onward.core.analytics.intervals import wilson_interval
from onward.core.knowledge.entry import ErrorHistory
from onward.store import Store

ERRORS = Path(__file__).with_name("errors.toml")
SHARED_ERRORS = Path(__file__).with_name("shared_errors.toml")
SHARED = Path(__file__).resolve().parents[2] / "shared"
SETS = ("development", "held_out")
SHARED_SETS = {"error": "shared transcripts", "held_out": "shared, left out"}
"""The lists of `shared_errors.toml`, and how they are called."""
FIRST = (1, 3)
_HEAD = re.compile(r"(user|agent|run|edit|exit|out)>(?: |$)(.*)")


class MetError(NamedTuple):
    """An error of one set: the place of the first answer with its fix (from 1; 0: none), and all answers."""

    set: str
    name: str
    place: int
    answers: ErrorHistory


def session_records(script: str) -> list[dict[str, Any]]:
    """Return the turns of a session that is written as a script, as a list of turns in JSON."""
    records: list[dict[str, Any]] = []
    for head, text in _parts(script):
        if head in ("user", "agent"):
            records.append({"role": "user" if head == "user" else "assistant", "text": text})
        elif head in ("run", "edit"):
            arguments = {"command": text} if head == "run" else {"file_path": text, "old_string": "before", "new_string": "after"}
            name, call_id = "Bash" if head == "run" else "Edit", f"call-{len(records)}"
            records.append({"role": "assistant", "text": "", "calls": [{"id": call_id, "name": name, "arguments": arguments}]})
            records.append({"role": "tool", "results": [{"call_id": call_id, "text": "", "is_error": False, "exit_code": 0}]})
        else:
            (result,) = records[-1]["results"]
            result.update({"text": text} if head == "out" else {"exit_code": int(text), "is_error": bool(int(text))})
    return records


def _parts(script: str) -> Iterator[tuple[str, str]]:
    head, lines = "", list[str]()
    for line in script.strip().split("\n"):
        if match := _HEAD.match(line):
            if head:
                yield head, "\n".join(lines)
            head, lines = match[1], [match[2]]
        else:
            lines.append(line)
    yield head, "\n".join(lines)


def meet(store: Store, folder: Path, errors: Mapping[str, Any]) -> None:
    """Import the session of each error and complete it."""
    for name in SETS:
        for error, case in errors[name].items():
            file = folder / f"{error}.jsonl"
            file.write_text("\n".join(json.dumps(record) for record in session_records(case["session"])) + "\n", encoding="utf-8")
            complete(store, projects.create(store, error), file)


def ask(store: Store, errors: Mapping[str, Any]) -> Iterator[MetError]:
    """Yield the answers for each error that a session has met."""
    for name in SETS:
        for error, case in errors[name].items():
            yield ask_one(store, name, error, case)


def ask_one(store: Store, set_name: str, name: str, case: Mapping[str, Any]) -> MetError:
    """Return the answers for one error."""
    answers = knowledge.match_error(store, case["asked"])
    texts = [f"{fix.text} {fix.fix}" for fix in answers.fixes]
    place = next((at for at, text in enumerate(texts, 1) if all(words in text for words in case["fix"])), 0)
    return MetError(set_name, name, place, answers)


def ask_shared(store: Store, data: Path) -> Iterator[MetError]:
    """Import the transcripts of `shared_errors.toml` below *data*, and yield the answers for each of its errors."""
    errors = tomllib.loads(SHARED_ERRORS.read_text(encoding="utf-8"))
    cases = [(set_name, case) for name, set_name in SHARED_SETS.items() for case in errors[name]]
    projects_by_folder: dict[str, Project] = {}
    for name in dict.fromkeys(case["file"] for _, case in cases):
        folder = name.partition("/")[0]
        if folder not in projects_by_folder:
            projects_by_folder[folder] = projects.create(store, folder)
        complete(store, projects_by_folder[folder], data / name)
    for set_name, case in cases:
        yield ask_one(store, set_name, case["asked"].strip().splitlines()[0], case)


def main(arguments: list[str] | None = None) -> None:
    """Import the sessions, ask for the errors, print the table, and write the JSON."""
    argument_parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    argument_parser.add_argument("--misses", action="store_true", help="also print the answers of the errors not found, of the first half")
    argument_parser.add_argument("--shared", type=Path, default=SHARED, help="the folder with the data (%(default)s)")
    options = argument_parser.parse_args(arguments)
    errors = tomllib.loads(ERRORS.read_text(encoding="utf-8"))
    with TemporaryDirectory(prefix="onward-bench-") as folder, Store.at_folder(Path(folder) / "home") as store:
        meet(store, Path(folder), errors)
        met = list(ask(store, errors))
        unknown = [(text, knowledge.match_error(store, text)) for text in errors["unknown"]["asked"]]
    with TemporaryDirectory(prefix="onward-bench-") as folder, Store.at_folder(Path(folder) / "home") as store:
        met += ask_shared(store, options.shared / "data")
    rows = [
        (name, str(len(group)), *(_share(sum(0 < error.place <= k for error in group), len(group)) for k in FIRST))
        for name in (*SETS, *SHARED_SETS.values())
        if (group := [error for error in met if error.set == name])
    ]
    print(table(("", "errors", *(f"found at {k}" for k in FIRST)), rows))
    false_answers = [text for text, answers in unknown if answers.fixes]
    print(f"\nanswered though never met: {len(false_answers)} of {len(unknown)}")
    if options.misses:
        _print_misses(met, unknown)
    figures = {error.name: {"set": error.set, "place": error.place} for error in met}
    keep("errors", {"errors": figures, "never_met": len(unknown), "false_answers": len(false_answers)}, list(arguments or sys.argv[1:]))


def _share(successes: int, total: int) -> str:
    return format_share(successes / total, wilson_interval(successes, total))


def _print_misses(met: Sequence[MetError], unknown: Sequence[tuple[str, ErrorHistory]]) -> None:
    missed = [(error.name, error.answers) for error in met if error.set in ("development", "shared transcripts") and error.place != 1]
    for name, answers in (*missed, *((text, answers) for text, answers in unknown if answers.fixes)):
        print(f"\n{name}")
        for answer in answers.fixes:
            print(f"  {answer.likeness_ratio:.2f} {answer.text} → {answer.fix}")


if __name__ == "__main__":
    main()
