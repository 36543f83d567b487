"""The parts of the desk on an open store: every use case, with the store filled in."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Concatenate, ParamSpec, TypeVar

from onward.app import (
    accounts,
    analytics,
    archives,
    charging,
    completing,
    facts,
    handoffs,
    imports,
    knowledge,
    llm_keys,
    models,
    projects,
    rebuilding,
    remapping,
    searching,
    sessions,
    sources,
    templates,
    touched,
    troubleshooting,
    usage,
)
from onward.app import credits as account_credits
from onward.app import relay as relaying
from onward.app.models import Models
from onward.core.accounts import Account
from onward.core.credits import Need, Window
from onward.core.diagnosis import Troubleshooting
from onward.core.llm_key import KeyStanding
from onward.core.pool import Best, Credits, ModelUsage, Rotated
from onward.core.project import Project
from onward.core.refinement import Outcome, outcome
from onward.core.relay import Relayed
from onward.core.session import Session
from onward.core.spend import Estimate, SpendBy, Spending
from onward.settings import Settings
from onward.wiring import models_of

if TYPE_CHECKING:
    from onward.store import Store

P = ParamSpec("P")
R = TypeVar("R")


def window_of(settings: Settings) -> Window:
    """Return the rotation window that is set."""
    return Window(settings.rotate_from, settings.rotate_at)


class Part:
    """The part of the desk for one noun."""

    def __init__(self, store: Store, settings: Settings) -> None:
        self._store = store
        self._settings = settings


def _on_store(use_case: Callable[Concatenate[Store, P], R]) -> Callable[Concatenate[Part, P], R]:
    """Return *use_case* as a method: the store is the part's own."""

    def method(part: Part, /, *arguments: P.args, **named: P.kwargs) -> R:
        return use_case(part._store, *arguments, **named)  # noqa: SLF001 - it is a method of the part

    return method


class Projects(Part):
    """What a person works on over many sessions."""

    new = _on_store(projects.new)
    listed = _on_store(projects.listed)
    meant = _on_store(projects.meant)
    found = _on_store(projects.found)
    show = _on_store(projects.show)
    rename = _on_store(projects.rename)
    archive = _on_store(projects.archive)
    restore = _on_store(projects.restore)
    delete = _on_store(projects.delete)
    rebuild = _on_store(rebuilding.rebuild)
    remap_project = _on_store(remapping.remap_project)
    remap_sessions = _on_store(remapping.remap_sessions)
    remap_folder = _on_store(remapping.remap_folder)


class Archives(Part):
    """A project as one file."""

    export = _on_store(archives.export_project)
    bring_in = _on_store(archives.import_archive)


class Imports(Part):
    """Transcripts of any format, into the store."""

    paths = _on_store(imports.import_paths)
    known = _on_store(imports.known)


class Sessions(Part):
    """Runs with an agent, numbered in their project."""

    start = _on_store(sessions.start)
    find = _on_store(sessions.find)
    listed = _on_store(sessions.listed)
    show = _on_store(sessions.show)
    replay = _on_store(sessions.replay)
    complete = _on_store(completing.complete)
    tick = _on_store(sessions.tick)
    reopen = _on_store(sessions.reopen)
    abandon = _on_store(sessions.abandon)

    def relay(
        self,
        project: Project,
        *,
        number: int | None = None,
        accomplishments: Sequence[str] | None = None,
        blockers: Sequence[str] | None = None,
        credits_used: float | None = None,
        limit_reached: bool = False,
        need: Need | None = None,
        agent: str = "",
        budget_tokens: int | None = None,
    ) -> Relayed:
        """Complete a session whose limit is reached, and name the account to go on with, by the rotation window that is set."""
        return relaying.relay(
            self._store,
            project,
            number=number,
            accomplishments=accomplishments,
            blockers=blockers,
            credits_used=credits_used,
            limit_reached=limit_reached,
            need=need,
            window=window_of(self._settings),
            agent=agent,
            budget_tokens=budget_tokens,
        )


class Handoffs(Part):
    """What a project's next session should know, now and as it was."""

    current = _on_store(handoffs.current)
    versions = _on_store(handoffs.versions)
    of_id = _on_store(handoffs.of_id)
    restore = _on_store(handoffs.restore)
    diff = _on_store(handoffs.diff)
    redlined = _on_store(handoffs.redlined)

    def refine(self, project: Project, on_progress: Callable[[int, int | None, str], None] | None = None) -> Outcome:
        """Have a language model refine the newest handoff, and wait for what comes of it. A worker at work does it, or one in this process."""
        # Imported here, as below: whoever asks no model does not pay for it.
        from onward.app import refining
        from onward.desk.working import carried_out
        from onward.wiring import models_of

        job = refining.ask(self._store, models_of(self._settings), project, requested_by="cli")
        if job is None:
            raise refining.no_model()
        done = carried_out(self._store, self._settings, job.id, on_progress)
        if done.is_open:
            error = done.error or {}
            return Outcome(done.id, None, f"{error.get('message', '')} {error.get('hint', '')}".strip(), is_waiting=True)
        return outcome(done.id, done.result)

    def estimate(self, project: Project) -> Estimate:
        """Return what refining the newest handoff comes to at most. Nothing is asked."""
        from onward.app import refining
        from onward.wiring import models_of

        return refining.estimate(self._store, models_of(self._settings), project)


class Facts(Part):
    """The ledger of a project, listed and corrected."""

    listed = _on_store(facts.listed)
    add = _on_store(facts.add)
    change = _on_store(facts.change)


class Kept(Part):
    """Everything that was kept, and what stands behind a line."""

    search = _on_store(searching.search)
    source = _on_store(sources.source)
    files = _on_store(touched.listed)
    reindex = _on_store(rebuilding.reindex)


class Knowledge(Part):
    """What was learned once, in whichever project."""

    listed = _on_store(knowledge.listed)
    search = _on_store(knowledge.search)
    seen = _on_store(knowledge.seen)
    show = _on_store(knowledge.show)
    add = _on_store(knowledge.add)
    edit = _on_store(knowledge.edit)
    note_used = _on_store(knowledge.note_used)
    delete = _on_store(knowledge.delete)

    def troubleshoot(self, error: str, *, project: Project | None = None, context: str = "", use_ai: bool | None = None) -> Troubleshooting:
        """Return what is known of *error*, the model asked where one is set up: with *use_ai* also where the project solved it before; nobody where that is False."""
        asking = None if use_ai is False else models.asking_for(self._store, models_of(self._settings), project=project)
        return troubleshooting.troubleshoot(self._store, error, project=project, context=context, asking=asking, always=bool(use_ai))


class Analytics(Part):
    """How sessions grow more productive, and what recurs over them."""

    growth = _on_store(analytics.growth)
    patterns = _on_store(analytics.patterns)
    retention = _on_store(analytics.retention)


class Templates(Part):
    """What sessions of a kind are for, by name."""

    new = _on_store(templates.new)
    listed = _on_store(templates.listed)
    find = _on_store(templates.find)
    delete = _on_store(templates.delete)


class Accounts(Part):
    """The pool of accounts, by the rotation window that is set."""

    new = _on_store(accounts.new)
    batch = _on_store(accounts.batch)
    find = _on_store(accounts.find)
    listed = _on_store(accounts.listed)
    show = _on_store(accounts.show)
    change = _on_store(accounts.change)
    failed = _on_store(accounts.failed)
    limit_reached = _on_store(accounts.limit_reached)
    delete = _on_store(accounts.delete)
    assign = _on_store(charging.assign)
    of_session = _on_store(charging.account_of)

    def best(self, need: Need | None = None) -> Best:
        """Return the account to use next and why."""
        return account_credits.best(self._store, need, window=window_of(self._settings))

    def rotate(self, session: Session, *, need: Need, credits_used: float | None = None, to: Account | None = None) -> Rotated:
        """Move an open session to the best account, or to the one named, if the one it runs on is in the window."""
        return account_credits.rotate(self._store, session, need=need, window=window_of(self._settings), credits_used=credits_used, to=to)

    def analyze(self, *, account: Account | None = None, project: Project | None = None) -> Credits:
        """Return how credits go: of one account, one project, or everything."""
        return account_credits.analyze(self._store, account=account, project_id=project.id if project else None)

    def usage(self, session: Session) -> list[ModelUsage]:
        """Return what a session cost, by account and model, the dearest first."""
        return usage.of_session(self._store, session.id)


class Llm(Part):
    """The language model: its key, which nobody is shown, and what asking it costs."""

    def key(self) -> KeyStanding:
        """Return how the key stands, as far as is known."""
        return llm_keys.show(self._store, self._models())

    def put_key(self, key: str) -> KeyStanding:
        """Keep a key, encrypted, in the place of the one before."""
        return llm_keys.put(self._store, self._models(), key)

    def test_key(self) -> KeyStanding:
        """Ask the model for one word, and return what that says of the key."""
        return llm_keys.check(self._store, self._models())

    def remove_key(self) -> KeyStanding:
        """Remove the kept key."""
        return llm_keys.remove(self._store, self._models())

    def spending(self, by: SpendBy = "project", *, project: Project | None = None, days: int | None = None) -> Spending:
        """Return what asking models cost: in all, and by job, project or model."""
        limits = self._settings.llm
        total = models.spend(self._store, project=project, days=days)
        lines = models.spend_by(self._store, by, project=project, days=days)
        return Spending(total, lines, limits.daily_usd, limits.daily_tokens, limits.job_usd, limits.job_tokens)

    def _models(self) -> Models:
        return models_of(self._settings)


class Here:
    """All parts, on one open store."""

    def __init__(self, store: Store, settings: Settings) -> None:
        self.store = store
        self.projects = Projects(store, settings)
        self.sessions = Sessions(store, settings)
        self.handoffs = Handoffs(store, settings)
        self.templates = Templates(store, settings)
        self.facts = Facts(store, settings)
        self.kept = Kept(store, settings)
        self.knowledge = Knowledge(store, settings)
        self.analytics = Analytics(store, settings)
        self.archives = Archives(store, settings)
        self.imports = Imports(store, settings)
        self.llm = Llm(store, settings)
        self.accounts = Accounts(store, settings)
