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
from onward.app import relay as relay_use_case
from onward.app.models import ModelSetup
from onward.core.accounts import Account
from onward.core.credits import AccountNeed, RotationWindow
from onward.core.diagnosis import Troubleshooting
from onward.core.llm_key import KeyStatus
from onward.core.pool import AccountChoice, CreditsReport, ModelUsage, RotationOutcome
from onward.core.project import Project
from onward.core.refinement import RefinementOutcome, read_outcome
from onward.core.relay import RelayOutcome
from onward.core.session import Session
from onward.core.spend import CostEstimate, SpendGrouping, Spending
from onward.settings import Settings
from onward.wiring import build_model_setup

if TYPE_CHECKING:
    from onward.store import Store

P = ParamSpec("P")
R = TypeVar("R")


def rotation_window(settings: Settings) -> RotationWindow:
    """Return the rotation window that is set."""
    return RotationWindow(settings.rotate_from, settings.rotate_at)


class LocalResource:
    """The part of the desk for one noun."""

    def __init__(self, store: Store, settings: Settings) -> None:
        self._store = store
        self._settings = settings


def _bind_store(use_case: Callable[Concatenate[Store, P], R]) -> Callable[Concatenate[LocalResource, P], R]:
    """Return *use_case* as a method: the store is the part's own."""

    def method(resource: LocalResource, /, *arguments: P.args, **keywords: P.kwargs) -> R:
        return use_case(resource._store, *arguments, **keywords)  # noqa: SLF001 - it is a method of the part

    return method


class LocalProjects(LocalResource):
    """What a person works on over many sessions."""

    create = _bind_store(projects.create)
    list_projects = _bind_store(projects.list_projects)
    resolve = _bind_store(projects.resolve_origin)
    find_project = _bind_store(projects.find_by_origin)
    show = _bind_store(projects.show)
    rename = _bind_store(projects.rename)
    archive = _bind_store(projects.archive)
    restore = _bind_store(projects.restore)
    delete = _bind_store(projects.delete)
    rebuild = _bind_store(rebuilding.rebuild)
    remap_project = _bind_store(remapping.remap_project)
    remap_sessions = _bind_store(remapping.remap_sessions)
    remap_folder = _bind_store(remapping.remap_folder)


class LocalArchives(LocalResource):
    """A project as one file."""

    export = _bind_store(archives.export_project)
    import_archive = _bind_store(archives.import_archive)


class LocalImports(LocalResource):
    """Transcripts of any format, into the store."""

    import_paths = _bind_store(imports.import_paths)
    known_imports = _bind_store(imports.known_imports)


class LocalSessions(LocalResource):
    """Runs with an agent, numbered in their project."""

    start = _bind_store(sessions.start)
    require = _bind_store(sessions.require)
    list_sessions = _bind_store(sessions.list_sessions)
    show = _bind_store(sessions.show)
    replay = _bind_store(sessions.replay)
    complete = _bind_store(completing.complete)
    tick = _bind_store(sessions.tick)
    reopen = _bind_store(sessions.reopen)
    abandon = _bind_store(sessions.abandon)

    def relay(
        self,
        project: Project,
        *,
        number: int | None = None,
        accomplishments: Sequence[str] | None = None,
        blockers: Sequence[str] | None = None,
        credits_used: float | None = None,
        limit_reached: bool = False,
        need: AccountNeed | None = None,
        agent: str = "",
        budget_tokens: int | None = None,
    ) -> RelayOutcome:
        """Complete a session whose limit is reached, and name the account to go on with, by the rotation window that is set."""
        return relay_use_case.relay(
            self._store,
            project,
            number=number,
            accomplishments=accomplishments,
            blockers=blockers,
            credits_used=credits_used,
            limit_reached=limit_reached,
            need=need,
            window=rotation_window(self._settings),
            agent=agent,
            budget_tokens=budget_tokens,
        )


class LocalHandoffs(LocalResource):
    """What a project's next session should know, now and as it was."""

    current_handoff = _bind_store(handoffs.current_handoff)
    list_versions = _bind_store(handoffs.list_versions)
    require = _bind_store(handoffs.require)
    restore = _bind_store(handoffs.restore)
    diff = _bind_store(handoffs.diff)
    redline = _bind_store(handoffs.compare_versions)

    def refine(self, project: Project, on_progress: Callable[[int, int | None, str], None] | None = None) -> RefinementOutcome:
        """Have a language model refine the newest handoff, and wait for what comes of it. A worker at work does it, or one in this process."""
        # Imported here, as below: whoever asks no model does not pay for it.
        from onward.app import refining
        from onward.desk.working import run_job
        from onward.wiring import build_model_setup

        job = refining.request_refinement(self._store, build_model_setup(self._settings), project, requested_by="cli")
        if job is None:
            raise refining.no_model_error()
        finished_job = run_job(self._store, self._settings, job.id, on_progress)
        if finished_job.is_open:
            error = finished_job.error or {}
            return RefinementOutcome(finished_job.id, None, f"{error.get('message', '')} {error.get('hint', '')}".strip(), is_waiting=True)
        return read_outcome(finished_job.id, finished_job.result)

    def estimate(self, project: Project) -> CostEstimate:
        """Return what refining the newest handoff comes to at most. Nothing is asked."""
        from onward.app import refining
        from onward.wiring import build_model_setup

        return refining.estimate(self._store, build_model_setup(self._settings), project)


class LocalFacts(LocalResource):
    """The ledger of a project, listed and corrected."""

    list_facts = _bind_store(facts.list_facts)
    add = _bind_store(facts.add)
    change = _bind_store(facts.change)


class LocalHistory(LocalResource):
    """Everything that was kept, and what stands behind a line."""

    search = _bind_store(searching.search)
    read_source = _bind_store(sources.read_source)
    list_files = _bind_store(touched.list_files)
    reindex = _bind_store(rebuilding.rebuild_index)


class LocalKnowledge(LocalResource):
    """What was learned once, in whichever project."""

    list_entries = _bind_store(knowledge.list_entries)
    search = _bind_store(knowledge.search)
    match_error = _bind_store(knowledge.match_error)
    show = _bind_store(knowledge.show)
    add = _bind_store(knowledge.add)
    edit = _bind_store(knowledge.edit)
    note_used = _bind_store(knowledge.record_used)
    delete = _bind_store(knowledge.delete)

    def troubleshoot(self, error: str, *, project: Project | None = None, context: str = "", use_ai: bool | None = None) -> Troubleshooting:
        """Return what is known of *error*, the model asked where one is set up: with *use_ai* also where the project solved it before; nobody where that is False."""
        model_call = None if use_ai is False else models.find_model_context(self._store, build_model_setup(self._settings), project=project)
        return troubleshooting.troubleshoot(
            self._store, error, project=project, context=context, model_context=model_call, always=bool(use_ai)
        )


class LocalAnalytics(LocalResource):
    """How sessions grow more productive, and what recurs over them."""

    growth = _bind_store(analytics.growth)
    patterns = _bind_store(analytics.patterns)
    retention = _bind_store(analytics.retention)


class LocalTemplates(LocalResource):
    """What sessions of a kind are for, by name."""

    create = _bind_store(templates.create)
    list_templates = _bind_store(templates.list_templates)
    require = _bind_store(templates.require)
    delete = _bind_store(templates.delete)


class LocalAccounts(LocalResource):
    """The pool of accounts, by the rotation window that is set."""

    create = _bind_store(accounts.create)
    create_batch = _bind_store(accounts.create_batch)
    require = _bind_store(accounts.require)
    list_accounts = _bind_store(accounts.list_accounts)
    show = _bind_store(accounts.show)
    change = _bind_store(accounts.change)
    report_failure = _bind_store(accounts.report_failure)
    report_limit = _bind_store(accounts.report_limit)
    delete = _bind_store(accounts.delete)
    assign = _bind_store(charging.assign)
    find_session_account = _bind_store(charging.find_account)

    def best_account(self, need: AccountNeed | None = None) -> AccountChoice:
        """Return the account to use next and why."""
        return account_credits.best_account(self._store, need, window=rotation_window(self._settings))

    def rotate(
        self, session: Session, *, need: AccountNeed, credits_used: float | None = None, to: Account | None = None
    ) -> RotationOutcome:
        """Move an open session to the best account, or to the one named, if the one it runs on is in the window."""
        return account_credits.rotate(
            self._store, session, need=need, window=rotation_window(self._settings), credits_used=credits_used, to=to
        )

    def analyze(self, *, account: Account | None = None, project: Project | None = None) -> CreditsReport:
        """Return how credits go: of one account, one project, or everything."""
        return account_credits.analyze(self._store, account=account, project_id=project.id if project else None)

    def usage(self, session: Session) -> list[ModelUsage]:
        """Return what a session cost, by account and model, the dearest first."""
        return usage.read_session_usage(self._store, session.id)


class LocalLlm(LocalResource):
    """The language model: its key, which nobody is shown, and what asking it costs."""

    def key(self) -> KeyStatus:
        """Return how the key stands, as far as is known."""
        return llm_keys.show(self._store, self._models())

    def put_key(self, key: str) -> KeyStatus:
        """Keep a key, encrypted, in the place of the one before."""
        return llm_keys.save(self._store, self._models(), key)

    def test_key(self) -> KeyStatus:
        """Ask the model for one word, and return what that says of the key."""
        return llm_keys.check(self._store, self._models())

    def remove_key(self) -> KeyStatus:
        """Remove the kept key."""
        return llm_keys.delete(self._store, self._models())

    def spending(self, by: SpendGrouping = "project", *, project: Project | None = None, days: int | None = None) -> Spending:
        """Return what asking models cost: in all, and by job, project or model."""
        limits = self._settings.llm
        total = models.total_spend(self._store, project=project, days=days)
        lines = models.list_spend(self._store, by, project=project, days=days)
        return Spending(total, lines, limits.daily_usd, limits.daily_tokens, limits.job_usd, limits.job_tokens)

    def _models(self) -> ModelSetup:
        return build_model_setup(self._settings)


class LocalStore:
    """All parts, on one open store."""

    def __init__(self, store: Store, settings: Settings) -> None:
        self.store = store
        self.projects = LocalProjects(store, settings)
        self.sessions = LocalSessions(store, settings)
        self.handoffs = LocalHandoffs(store, settings)
        self.templates = LocalTemplates(store, settings)
        self.facts = LocalFacts(store, settings)
        self.history = LocalHistory(store, settings)
        self.knowledge = LocalKnowledge(store, settings)
        self.analytics = LocalAnalytics(store, settings)
        self.archives = LocalArchives(store, settings)
        self.imports = LocalImports(store, settings)
        self.llm = LocalLlm(store, settings)
        self.accounts = LocalAccounts(store, settings)
