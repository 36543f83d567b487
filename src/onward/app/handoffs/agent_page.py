"""The handoff that the running agent writes itself: it gives words that prove each line, and code finds the turns and checks the lines."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import NamedTuple

from onward.app.handoffs import writer
from onward.app.handoffs.distillation import HandoffBasis
from onward.app.handoffs.project_state import read_project_state
from onward.app.handoffs.writer import WriterPlan, WriterResult, WriterTarget
from onward.app.lookup import require_newest_handoff
from onward.app.turns.main_path import main_path
from onward.core.evidence.line import EvidenceLine
from onward.core.evidence.obligations import find_obligations
from onward.core.evidence.pack import EvidencePack, build_pack
from onward.core.facts.fact import Handle
from onward.core.handoff.document import CitedLine, HandoffSection
from onward.core.handoff.master import reserve_tokens
from onward.core.handoff.versions import StoredHandoff
from onward.core.handoff.writer_report import WriterReport, counts_by_group
from onward.core.handoff.writer_sections import HEAD_SECTIONS, LEARNED, SECTION_TITLES
from onward.core.project import Project
from onward.llm import acceptance
from onward.llm.acceptance import Assessment, WritingTask
from onward.llm.checks.evidence import Evidence
from onward.llm.checks.guard import WrittenLine
from onward.llm.checks.tokens import normal, stems
from onward.llm.page import WrittenHandoff, section_named
from onward.message import Message
from onward.redact import Redactor
from onward.store import Store, handoffs, sessions
from onward.tokens import count_tokens

MAX_UNSAID = 5
"""The most lines that no transcript shows: why, doubts, what runs. They are always marked as claimed."""
_UNSAID_MARK = " (claimed by the agent)"
_WHOLE_PACK_TOKENS = 60_000
"""An agent sees its session, not a pack: its proofs may be anywhere in it."""
_PROOF_SHARE = 0.7
"""The share of a proof's words in the evidence that proves a line, where the exact words are not there."""


class AgentLine(NamedTuple):
    """One line of an agent: the section by any of its names, the text, and words of the session that prove it."""

    section: str
    text: str
    proof: str = ""


@dataclass(frozen=True, slots=True)
class AgentPage:
    """The result of checking an agent's lines. `stored` is the new version, None if the page is not accepted; `why` then says why."""

    assessment: Assessment
    stored: StoredHandoff | None
    why: str | Message


def redact_lines(project: Project, lines: Sequence[AgentLine], unsaid: Sequence[str]) -> tuple[list[AgentLine], list[str]]:
    """Return an agent's lines, and what no transcript shows, without secrets."""
    redact = Redactor(project.key).text
    return [AgentLine(*map(redact, line)) for line in lines], [redact(text) for text in unsaid]


def check_page(
    store: Store, project: Project, agent: str, lines: Sequence[AgentLine], unsaid: Sequence[str], *, is_last: bool
) -> AgentPage:
    """Check the *lines* of the agent named *agent* for the handoff of the project's last completed session. The page is stored
    if nothing is refused or missing, and with *is_last* also if it is complete after missing lines were restored. Raises `NotFound`.
    """
    lines, unsaid = redact_lines(project, lines, unsaid)
    session = _read_session(store, project)
    written = _find_proofs(lines, session.plan.task.evidence)
    return _store_page(store, project, agent, session, written, unsaid[:MAX_UNSAID], is_last=is_last)


def carry_page(store: Store, project: Project) -> StoredHandoff | None:
    """Store the page again that an agent wrote of the session which is completed once more, because its last turns came in since. Each line
    is checked again. Return None if the version before the newest is no such page, if a person spoke since, or if it is not accepted.
    """
    with store.read() as connection:
        newest = require_newest_handoff(connection, project)
        before = handoffs.list_handoffs(connection, project.id, before=newest.version, limit=1)
    page = before[0] if before else None
    if page is None or page.session_number != newest.session_number or not (page.refinement and _is_by_agent(page.refinement)):
        return None
    session = _read_session(store, project)
    if page.created_at is None or session.last_word_at is None or session.last_word_at > page.created_at:
        return None
    lines = acceptance.standing_lines(page.handoff)
    unsaid = [line.text.removesuffix(_UNSAID_MARK) for line in lines if not any(handle.turn for handle in line.handles)]
    written = [line for line in lines if any(handle.turn for handle in line.handles)]
    return _store_page(store, project, page.generator, session, written, unsaid, is_last=True).stored


def _is_by_agent(report: WriterReport) -> bool:
    """Whether the running agent wrote the page: no request was made for it."""
    return report.is_kept and not report.requests


@dataclass(frozen=True, slots=True)
class _CompletedSession:
    """The last completed session: the newest handoff, the versions before it, and when a person spoke last in it."""

    newest: StoredHandoff
    versions: Sequence[StoredHandoff]
    basis: HandoffBasis
    ledger_version: int
    plan: WriterPlan
    last_word_at: datetime | None


def _read_session(store: Store, project: Project) -> _CompletedSession:
    with store.read() as connection:
        newest = require_newest_handoff(connection, project)
        state = read_project_state(connection, project.id)
        session = sessions.find_by_number(connection, project.id, newest.session_number)
        path = main_path(connection, session) if session else None
        versions = handoffs.list_handoffs(connection, project.id, before=newest.version, limit=20)
    basis = state.basis(store)
    pack = build_pack(path.number, path.head, path.turns, count_tokens, _WHOLE_PACK_TOKENS) if path and path.turns else None
    standing = next((version for version in versions if version.session_number < newest.session_number), None)
    plan = _plan(basis, newest.budget_tokens, pack, acceptance.standing_lines(standing.handoff) if standing else [])
    spoken = {line.handle.turn for line in pack.lines if line.voice == "person"} if pack else set[int]()
    times = [turn.at for ordinal, turn in (path.turns if path else ()) if ordinal in spoken]
    return _CompletedSession(
        newest=newest,
        versions=versions,
        basis=basis,
        ledger_version=state.stored_ledger.version,
        plan=plan,
        last_word_at=times[-1] if times else None,
    )


def _store_page(
    store: Store,
    project: Project,
    agent: str,
    session: _CompletedSession,
    lines: Sequence[WrittenLine],
    unsaid: Sequence[str],
    *,
    is_last: bool,
) -> AgentPage:
    plan, basis, newest = session.plan, session.basis, session.newest
    assessment = acceptance.assess(WrittenHandoff(tuple(lines)), plan.task)
    accepted = acceptance.finish(assessment, plan.task)
    if accepted.why or (assessment.needs_repair and not is_last):
        return AgentPage(assessment=assessment, stored=None, why=accepted.why)
    handoff = acceptance.to_handoff(accepted.lines, plan.rules.handoff, basis.ledger.live())
    handoff = replace(handoff, sections=_with_unsaid(handoff.sections, unsaid, Handle(newest.session_number, 0)))
    measured = basis.measure_handoff(handoff, plan.rules.budget_tokens)
    report = WriterReport(
        model=agent,
        requests=0,
        written=assessment.checked,
        standing=len(assessment.lines),
        put_back=accepted.put_back,
        removed=tuple(refusal.to_json() for refusal in assessment.refused),
        before=counts_by_group(plan.rules.preservation),
        after=counts_by_group(measured.preservation),
        cost_usd=0.0,
    )
    target = WriterTarget(newest, session.ledger_version, plan)
    stored = writer.store_result(store, project, target, WriterResult(measured, report))
    return AgentPage(assessment=assessment, stored=stored, why="" if stored else writer.REPLACED)


def _plan(basis: HandoffBasis, budget_tokens: int | None, pack: EvidencePack | None, standing: Sequence[WrittenLine]) -> WriterPlan:
    rules = basis.master(budget_tokens)
    owed = find_obligations(basis.ledger.live(), rules.handoff.fact_ids(), pack)
    titles = [EvidenceLine(pack.lines[0].handle, "run", pack.title)] if pack and pack.lines else []
    stated = writer.stated_lines(basis)
    evidence = Evidence((*titles, *stated, *(pack.lines if pack else ()), *writer.kept_lines(standing)), (pack.state,) if pack else ())
    room_tokens = rules.budget_tokens - reserve_tokens(rules.budget_tokens)
    return WriterPlan(basis=basis, rules=rules, task=WritingTask(evidence, owed, room_tokens, count_tokens), instructions="", material="")


def _find_proofs(lines: Sequence[AgentLine], evidence: Evidence) -> list[WrittenLine]:
    order = (*HEAD_SECTIONS, *SECTION_TITLES)
    written = [
        WrittenLine(section, " ".join(line.text.split()), _find_turns(line, evidence))
        for line in lines
        if (section := section_named(line.section))
    ]
    return sorted(written, key=lambda line: order.index(line.section))


def _find_turns(line: AgentLine, evidence: Evidence) -> tuple[Handle, ...]:
    """Return the turns that prove *line*: the last one that contains its proof; without a proof, those that share most of its words."""
    proof = normal(line.proof).strip()
    if proof:
        exact = [text.handle for text in evidence.texts if proof in text.text]
        if exact:
            return (exact[-1],)
    wanted = stems(line.proof or line.text)
    shares = [(evidence.share(wanted, stems(text.text)), text.handle) for text in evidence.texts]
    best = sorted((share for share in shares if share[0] >= _PROOF_SHARE or not proof), reverse=True)[: 1 if proof else 3]
    return tuple(dict.fromkeys(handle for share, handle in best if share > 0))


def _with_unsaid(sections: tuple[HandoffSection, ...], unsaid: Sequence[str], source: Handle) -> tuple[HandoffSection, ...]:
    """Return *sections* with what no transcript shows among what is learned, each line marked as claimed."""
    lines = tuple(CitedLine(f"{' '.join(text.split())}{_UNSAID_MARK}", (source,), proof="unsaid") for text in unsaid if text.strip())
    if not lines:
        return sections
    title = SECTION_TITLES[LEARNED]
    others = tuple(section for section in sections if section.title != title)
    learned = next((section.lines for section in sections if section.title == title), ())
    return (*others, HandoffSection(title, (*learned, *lines)))
