"""Search in long conversations of two people: whether a question finds the turn with its evidence.

    python -m bench.locomo [--misses] [--meaning] [--shared FOLDER]

Each dialogue of LoCoMo (shared data, CC BY-NC, not part of this repository) becomes a project, each of its sessions a session. A question
is found at k if one of the first k turns, or sessions, of `onward search` is one that the data name as its evidence. The ranking is chosen
on the first three dialogues; the other two are left out. Questions of category 5 are meant to have no answer and count apart. With
`--meaning`, turns are also found by meaning, with the model that ONWARD_EMBEDDINGS_MODEL and ONWARD_EMBEDDINGS_URL name.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Collection, Iterator, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, NamedTuple

from bench.report import keep, table
from onward.adapters import build_embedding_model
from onward.app.projects import projects
from onward.app.search import search_results
from onward.app.search.embedder import make_all
from onward.app.sessions import sessions
from onward.app.turns.client_turns import append_conversation
from onward.core.facts.fact import Handle
from onward.llm.embeddings import EmbeddingModel
from onward.settings import read_settings
from onward.store import Store

SHARED = Path(__file__).resolve().parents[2] / "shared"
DEVELOPMENT = ("conv-26", "conv-30", "conv-41")
FIRST = (1, 5, 10)
LEVELS = ("session", "turn")
BUDGET_TOKENS = 4_000
NO_ANSWER = 5


class Question(NamedTuple):
    """One question: its dialogue and category, and the ranks of the first turn and the first session with evidence (from 1; 0: none)."""

    dialogue: str
    category: int
    text: str
    turn: int
    session: int


def ask_questions(store: Store, dialogue: dict[str, Any], model: EmbeddingModel | None = None) -> Iterator[Question]:
    """Yield the result of each question about *dialogue*, which is stored as a project. With *model*, turns are also found by meaning."""
    name = dialogue["sample_id"]
    project = projects.create(store, name)
    ids: dict[str, Handle] = {}
    conversation = dialogue["conversation"]
    for number in range(1, len(conversation)):
        turns = conversation.get(f"session_{number}")
        if not turns:
            continue
        session = sessions.start(store, project).session
        records = []
        for place, turn in enumerate(turns, 1):
            image = f" [image: {turn['blip_caption']}]" if turn.get("blip_caption") else ""
            role = "user" if turn["speaker"] == conversation["speaker_a"] else "assistant"
            records.append({"role": role, "content": f"{turn['speaker']}: {turn['text']}{image}", "id": turn["dia_id"]})
            ids[turn["dia_id"]] = Handle(session.number, place)
        append_conversation(store, session.id, records=records, text=None)
    if model:
        make_all(store, model, 0, lambda _done, _total: None)
    for question in dialogue["qa"]:
        wanted = {ids[name] for name in question.get("evidence", ()) if name in ids}
        if wanted:
            result = search_results.search(store, question["question"], project=project, budget_tokens=BUDGET_TOKENS, embedding_model=model)
            handles = list(dict.fromkeys(excerpt.handle for excerpt in result.excerpts))
            session_numbers = list(dict.fromkeys(handle.session for handle in handles))
            yield Question(
                dialogue=name,
                category=question["category"],
                text=question["question"],
                turn=_rank(handles, wanted),
                session=_rank(session_numbers, {handle.session for handle in wanted}),
            )


def _rank(entries: Sequence[object], wanted: Collection[object]) -> int:
    return next((place for place, entry in enumerate(entries, 1) if entry in wanted), 0)


def main(arguments: list[str] | None = None) -> None:
    """Store the dialogues, search, print the tables, and write the JSON."""
    argument_parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    argument_parser.add_argument("--shared", type=Path, default=SHARED, help="the folder with the data (%(default)s)")
    argument_parser.add_argument("--misses", action="store_true", help="also list the questions of the first dialogues not found at 1")
    argument_parser.add_argument("--meaning", action="store_true", help="also find turns by meaning, with the model of the settings")
    options = argument_parser.parse_args(arguments)
    model = build_embedding_model(read_settings()) if options.meaning else None
    if options.meaning and model is None:
        argument_parser.error("set ONWARD_EMBEDDINGS_MODEL")
    dialogues = json.loads((options.shared / "data/locomo/locomo_dev.json").read_text(encoding="utf-8"))
    with TemporaryDirectory(prefix="onward-bench-") as folder, Store.at_folder(Path(folder) / "home") as store:
        questions = [question for dialogue in dialogues for question in ask_questions(store, dialogue, model)]
    answerable = [question for question in questions if question.category != NO_ANSWER]
    development = [question for question in answerable if question.dialogue in DEVELOPMENT]
    rows = [
        ("development (3 dialogues)", development),
        ("left out (2 dialogues)", [question for question in answerable if question not in development]),
        ("all, without category 5", answerable),
        ("all", questions),
    ]
    rows += [(f"category {number}", [q for q in questions if q.category == number]) for number in sorted({q.category for q in questions})]
    figures = {
        name: {f"{level} R@{k}": _share(group, level, k) for level in LEVELS for k in FIRST} | {"questions": len(group)}
        for name, group in rows
    }
    heads = ("", "questions", *(f"{level} R@{k}" for level in LEVELS for k in FIRST))
    print(
        table(
            heads, [(name, str(group["questions"]), *(f"{100 * group[head]:.1f}" for head in heads[2:])) for name, group in figures.items()]
        )
    )
    if options.misses:
        for question in development:
            if question.session != 1:
                print(question.dialogue, question.category, question.turn, question.session, question.text)
    keep("locomo_meaning" if model else "locomo", figures, list(arguments or sys.argv[1:]))


def _share(questions: Sequence[Question], level: str, k: int) -> float:
    return sum(0 < getattr(question, level) <= k for question in questions) / max(1, len(questions))


if __name__ == "__main__":
    main()
