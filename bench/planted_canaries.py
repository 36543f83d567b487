"""Canaries: typed items that cannot be guessed, planted into a copy of a real transcript in the format of its agent.

The user's canaries become turns of their own before one of the real prompts, with a short answer; the agent's become the last paragraph
of a real answer. They are spread evenly over the session. Names are built from syllables by a seeded generator, so they occur in no
transcript and no vocabulary.
"""

from __future__ import annotations

import json
import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from hashlib import blake2b
from typing import Any, NamedTuple, TypeAlias

Record: TypeAlias = dict[str, Any]

_SYLLABLES = "zel vor mik tas dra quo bel nim fex lor hap jur syl wen tro gri pax mol ked ruv".split()


class Template(NamedTuple):
    """How an item of one kind is stated, by whom, asked for, and changed (empty: never). `{v}` is its value, `{old}` the previous one; one
    of the words in `about` must occur beside it.
    """

    kind: str
    by: str
    sentence: str
    question: str
    about: tuple[str, ...]
    changed: str = ""
    shape: str = "name"


TEMPLATES: tuple[Template, ...] = (
    Template(
        kind="rule",
        by="user",
        sentence="One rule for all sessions: every commit message has to end with the tag [{v}], no exceptions.",
        question="Which tag must every commit message end with?",
        about=("commit",),
        changed="I changed my mind about the commit tag: from now on commit messages end with [{v}] instead of [{old}].",
    ),
    Template(
        kind="rule",
        by="user",
        sentence="Never edit anything under `vendor/{v}/`, another team owns it.",
        question="Which vendor folder must never be edited?",
        about=("edit", "never", "owns"),
    ),
    Template(
        kind="rule",
        by="user",
        sentence="Please always ask {v} before you deploy to production.",
        question="Who must be asked before a deployment to production?",
        about=("deploy",),
        shape="person",
    ),
    Template(
        kind="requirement",
        by="user",
        sentence="The nightly export has to finish in less than {v} seconds on the small machine.",
        question="How quickly must the nightly export finish?",
        about=("export",),
        changed="The limit for the nightly export changed: it has to finish in less than {v} seconds, no longer {old}.",
        shape="number",
    ),
    Template(
        kind="requirement",
        by="user",
        sentence="I need the report page to also show the `{v}` column, after the date.",
        question="Which column must the report page also show?",
        about=("report", "column"),
    ),
    Template(
        kind="requirement",
        by="user",
        sentence="Uploads above {v} MB must be refused with a clear message.",
        question="Above which size must uploads be refused?",
        about=("upload",),
        shape="number",
    ),
    Template(
        kind="decision",
        by="agent",
        sentence="Decision: session data goes into the `{v}` store, because it survives a restart and needs no schema.",
        question="Into which store does session data go?",
        about=("session data", "store"),
        changed="Decision reversed: session data goes into the `{v}` store instead of `{old}`, because that one lost writes under load.",
    ),
    Template(
        kind="decision",
        by="agent",
        sentence="I decided to name the feature flag `{v}_rollout`, so that it sorts beside the others.",
        question="What is the feature flag called?",
        about=("flag",),
        changed="We renamed the feature flag: it is `{v}_rollout` now, `{old}_rollout` is gone.",
        shape="snake",
    ),
    Template(
        kind="decision",
        by="user",
        sentence="ok, let's go with {v} for the background jobs, it is simpler to run than the other one.",
        question="What was chosen for the background jobs?",
        about=("background", "jobs"),
        shape="proper",
    ),
    Template(
        kind="port",
        by="user",
        sentence="The staging gateway listens on port {v}, use that one for the smoke test.",
        question="On which port does the staging gateway listen?",
        about=("staging", "gateway"),
        changed="The staging gateway moved: it listens on port {v} now, not on {old}.",
        shape="port",
    ),
    Template(
        kind="port",
        by="agent",
        sentence="The metrics endpoint is served on port {v}, separate from the public API.",
        question="On which port is the metrics endpoint served?",
        about=("metrics",),
        shape="port",
    ),
    Template(
        kind="port",
        by="agent",
        sentence="The mock payment server runs on port {v} during the tests.",
        question="On which port does the mock payment server run?",
        about=("payment", "mock"),
        shape="port",
    ),
    Template(
        kind="value",
        by="user",
        sentence="The bucket for backups is called `{v}-nightly`, region eu-north-1.",
        question="What is the bucket for backups called?",
        about=("backup", "bucket"),
        changed="We have a new bucket for backups: `{v}-nightly`. Do not use `{old}-nightly` any more.",
    ),
    Template(
        kind="value",
        by="agent",
        sentence="The worker reads its limit from `{v}_MAX_BATCH`, which defaults to 50.",
        question="Which variable does the worker read its limit from?",
        about=("worker", "limit", "reads"),
        shape="env",
    ),
    Template(
        kind="value",
        by="agent",
        sentence="The schema is at version {v} after this migration.",
        question="At which version is the schema?",
        about=("schema", "migration"),
        shape="version",
    ),
    Template(
        kind="path",
        by="agent",
        sentence="The key rotation script is in `ops/{v}/rotate.sh` and is called from cron.",
        question="Where is the key rotation script?",
        about=("rotation", "rotate", "cron"),
        changed="I moved the key rotation script from `ops/{old}/rotate.sh` to `ops/{v}/rotate.sh`.",
    ),
    Template(
        kind="path",
        by="agent",
        sentence="All fixtures for the parser live in `tests/data/{v}/`.",
        question="Where do the fixtures for the parser live?",
        about=("fixture", "parser"),
    ),
    Template(
        kind="path",
        by="user",
        sentence="The design notes are in `notes/{v}.md`, read them before you touch the layout.",
        question="Where are the design notes?",
        about=("design", "notes", "layout"),
    ),
    Template(
        kind="command",
        by="agent",
        sentence="To rebuild the search index run `make {v}-index`; it takes about a minute.",
        question="Which command rebuilds the search index?",
        about=("index", "rebuild"),
        changed="The search index is rebuilt with `make {v}-index` now; `make {old}-index` was removed.",
    ),
    Template(
        kind="command",
        by="user",
        sentence="You can check the whole thing with `./bin/{v} --dry-run`, it changes nothing.",
        question="With which command can the whole thing be checked without changes?",
        about=("check", "dry-run"),
    ),
    Template(
        kind="command",
        by="agent",
        sentence="Translations are compiled with `npm run {v}`, which must run before the build.",
        question="Which command compiles the translations?",
        about=("translation", "compile"),
    ),
    Template(
        kind="next step",
        by="agent",
        sentence="Next step: move the `{v}` table to the new cluster before the release.",
        question="Which table must be moved next?",
        about=("table", "cluster", "release"),
        changed="The order changed: next we move the `{v}` table to the new cluster, `{old}` was already moved.",
    ),
    Template(
        kind="next step",
        by="agent",
        sentence="Still to do: write the upgrade notes for the `{v}` plugin.",
        question="For which plugin must upgrade notes be written?",
        about=("upgrade", "plugin"),
    ),
    Template(
        kind="next step",
        by="user",
        sentence="Tomorrow please start with the flaky `test_{v}` on CI.",
        question="Which flaky test comes first tomorrow?",
        about=("flaky", "tomorrow", "ci"),
        shape="snake",
    ),
    Template(
        kind="error and fix",
        by="agent",
        sentence="The import crashed with `{v}Error`: the reader closed the file too early. Fixed by keeping it open until the last batch.",
        question="Which error did the import crash with, and what was the fix?",
        about=("import", "reader", "batch"),
        shape="camel",
    ),
    Template(
        kind="error and fix",
        by="agent",
        sentence=(
            "Root cause of the login failures: the clock of `{v}` was four minutes behind. Fixed by turning on time synchronisation there."
        ),
        question="Which machine's clock was behind?",
        about=("clock", "login"),
    ),
    Template(
        kind="dead end",
        by="agent",
        sentence="I tried {v} for the image resizing, but it does not work: it drops the colour profile. Removed again.",
        question="What was tried for the image resizing and does not work?",
        about=("image", "resizing", "colour"),
        shape="proper",
    ),
    Template(
        kind="dead end",
        by="agent",
        sentence="Pinning the dependency to {v} does not help, the leak is still there, so I reverted it.",
        question="Which version of the dependency did not help against the leak?",
        about=("leak", "pinning", "dependency"),
        shape="version",
    ),
    Template(
        kind="blocker",
        by="agent",
        sentence="Blocked: we still have no access to the `{v}` account, so the invoices cannot be tested.",
        question="Which account is missing, so that invoices cannot be tested?",
        about=("account", "invoice"),
        changed=(
            "The blocker changed: `{old}` is open now, but we have no access to the `{v}` account yet, so the invoices still cannot "
            "be tested."
        ),
    ),
    Template(
        kind="blocker",
        by="user",
        sentence="The certificate for `{v}.example` is not there yet, I am waiting for the provider.",
        question="Which host's certificate is still missing?",
        about=("certificate", "provider"),
    ),
)


@dataclass(frozen=True, slots=True)
class Canary:
    """One planted item. `old` is its value before the change, empty if it never changes."""

    id: str
    template: Template
    value: str
    old: str

    @property
    def first(self) -> str:
        """The first statement."""
        return self.template.sentence.format(v=self.old or self.value)

    @property
    def change(self) -> str:
        """The change, empty if there is none."""
        return self.template.changed.format(v=self.value, old=self.old) if self.old else ""

    def probe(self, *, is_changed: bool) -> Mapping[str, Any]:
        """Return the item as a probe: before or after its change."""
        value = self.value if is_changed or not self.old else self.old
        stale = [self.old] if is_changed and self.old else []
        return {
            "id": self.id,
            "type": self.template.kind,
            "question": self.template.question,
            "accept": [[value], list(self.template.about)],
            "stale": stale,
        }


def canaries(seed: int) -> list[Canary]:
    """Return the thirty items of *seed*; no name occurs twice."""
    chance = random.Random(seed)
    given: set[str] = set()

    def fresh(shape: str) -> str:
        while True:
            value = _value(shape, chance)
            if value not in given:
                given.add(value)
                return value

    return [Canary(f"c{n:02}", t, fresh(t.shape), fresh(t.shape) if t.changed else "") for n, t in enumerate(TEMPLATES, 1)]


def _value(shape: str, chance: random.Random) -> str:
    stem = "".join(chance.sample(_SYLLABLES, 3))
    match shape:
        case "port":
            return str(chance.randrange(20_011, 60_999))
        case "number":
            return str(chance.randrange(113, 987))
        case "version":
            return f"{chance.randrange(11, 40)}.{chance.randrange(11, 99)}.{chance.randrange(3, 60)}"
        case "env" | "snake" as case:
            word = "_".join(chance.sample(_SYLLABLES, 2))
            return word.upper() if case == "env" else word
        case "camel":
            return "".join(part.capitalize() for part in chance.sample(_SYLLABLES, 2))
        case "proper" | "person":
            return stem.capitalize()
        case _:
            return f"{stem}-{chance.randrange(10, 99)}"


class PlantedSentence(NamedTuple):
    """A sentence to plant: who says it, and where in the session (0..1)."""

    by: str
    text: str
    at: float


def plant(transcript: bytes, sentences: Sequence[PlantedSentence], seed: int) -> bytes:
    """Return *transcript* with *sentences* planted. Raises ValueError if it has no prompt or no answer in words."""
    records: list[Record] = [json.loads(line) for line in transcript.splitlines() if line.strip()]
    agent = _CODEX if any("payload" in record for record in records[:5]) else _CLAUDE
    prompts = [i for i, record in enumerate(records) if agent.prompt(record)]
    answers = [i for i, record in enumerate(records) if agent.answer(record)]
    if not prompts or not answers:
        raise ValueError("no prompt, or no answer in words, to plant anything at")
    # The first prompt opens the session; a sentence before it would become the goal.
    before: dict[int, list[PlantedSentence]] = {}
    after: dict[int, list[PlantedSentence]] = {}
    for sentence in sorted(sentences, key=lambda sentence: sentence.at):
        among, into = (prompts[1:] or [len(records)], before) if sentence.by == "user" else (answers, after)
        into.setdefault(_at(among, sentence.at), []).append(sentence)
    out: list[Record] = []
    for i, record in enumerate([*records, None]):
        for number, sentence in enumerate(before.get(i, ())):
            agent.insert(out, record, sentence.text, f"{seed}.{i}.{number}")
        if record is not None:
            if i in after:
                agent.append(record, "\n\n".join(sentence.text for sentence in after[i]))
            out.append(record)
    return b"".join(json.dumps(record, ensure_ascii=False).encode("utf-8", "surrogatepass") + b"\n" for record in out)


def _at(places: Sequence[int], share: float) -> int:
    return places[min(len(places) - 1, int(share * len(places)))]


class _Claude:
    """Claude Code's records: linked by `parentUuid`, one block each."""

    def prompt(self, record: Record) -> bool:
        """Whether the record is a prompt typed in the main conversation."""
        content = record.get("message", {}).get("content") if record.get("type") == "user" else None
        if isinstance(content, list):
            content = content[0].get("text") if len(content) == 1 and content[0].get("type") == "text" else None
        return (
            isinstance(content, str)
            and not content.startswith(("<", "[", "Caveat"))
            and not record.get("isMeta")
            and not record.get("isSidechain")
        )

    def answer(self, record: Record) -> bool:
        """Whether the record is an answer of the agent in it."""
        return record.get("type") == "assistant" and not record.get("isSidechain") and any(self._spoken(record))

    def _spoken(self, record: Record) -> list[Record]:
        blocks = record["message"].get("content")
        return [b for b in blocks if b.get("type") == "text" and len(b.get("text", "")) > 20] if isinstance(blocks, list) else []

    def append(self, record: Record, text: str) -> None:
        """Add a paragraph to an answer."""
        block = self._spoken(record)[-1]
        block["text"] += f"\n\n{text}"

    def insert(self, out: list[Record], following: Record | None, text: str, name: str) -> None:
        """Add a prompt and a short answer to *out*, before *following*."""
        last = next(record for record in reversed(out) if record.get("uuid") and record.get("type") in ("user", "assistant", "system"))
        parent = following.get("parentUuid") if following else None
        shared: Record = {
            key: last[key] for key in ("isSidechain", "userType", "cwd", "sessionId", "version", "gitBranch", "timestamp") if key in last
        }
        question = {
            **shared,
            "parentUuid": parent or last["uuid"],
            "type": "user",
            "message": {"role": "user", "content": text},
            "uuid": _uuid(f"u{name}"),
        }
        reply = {
            "id": f"msg_{_digest(name)[:24]}",
            "type": "message",
            "role": "assistant",
            "model": "claude",
            "content": [{"type": "text", "text": "Noted."}],
        }
        out += [question, {**shared, "parentUuid": question["uuid"], "type": "assistant", "message": reply, "uuid": _uuid(f"a{name}")}]
        if following is not None:
            following["parentUuid"] = out[-1]["uuid"]


class _Codex:
    """Codex' records: a message occurs twice, as an item and as an event."""

    def prompt(self, record: Record) -> bool:
        """Whether the record is the item of a typed prompt, not its event."""
        text = self._text(record, "user")
        return bool(text) and not text.startswith(("<", "#"))

    def answer(self, record: Record) -> bool:
        """Whether the record is the item of an answer, not its event."""
        return len(self._text(record, "assistant")) > 20

    def _text(self, record: Record, role: str) -> str:
        payload = record.get("payload") or {}
        if record.get("type") != "response_item" or payload.get("type") != "message" or payload.get("role") != role:
            return ""
        return str(payload["content"][-1].get("text", "")) if payload.get("content") else ""

    def append(self, record: Record, text: str) -> None:
        """Add a paragraph to an answer."""
        record["payload"]["content"][-1]["text"] += f"\n\n{text}"

    def insert(self, out: list[Record], following: Record | None, text: str, name: str) -> None:
        """Add a prompt and a short answer to *out*."""
        at = (following or out[-1])["timestamp"]
        for role, kind, content in (("user", "input_text", text), ("assistant", "output_text", "Noted.")):
            message = {"type": "message", "role": role, "content": [{"type": kind, "text": content}]}
            out.append({"timestamp": at, "type": "response_item", "payload": message})


_CLAUDE, _CODEX = _Claude(), _Codex()


def _digest(name: str) -> str:
    return blake2b(name.encode(), digest_size=16).hexdigest()


def _uuid(name: str) -> str:
    d = _digest(name)
    return f"{d[:8]}-{d[8:12]}-4{d[13:16]}-8{d[17:20]}-{d[20:32]}"
