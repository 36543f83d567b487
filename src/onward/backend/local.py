"""The backend on an open store: the use cases of each noun, bound to the store."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Concatenate, ParamSpec, TypeVar

from onward.adapters import build_model_setup
from onward.app import analytics
from onward.app.accounts import accounts, charges, usage
from onward.app.accounts import selection as account_credits
from onward.app.admin import ledger_rebuild
from onward.app.archives import archives
from onward.app.handoffs import handoffs
from onward.app.knowledge import knowledge, troubleshooter
from onward.app.models import gateway, keys
from onward.app.models.gateway import ModelSetup
from onward.app.projects import facts, project_files, projects
from onward.app.search import search_turns
from onward.app.sessions import completion, reassignment, removal, sessions, templates, titles
from onward.app.sessions import relay as relay_use_case
from onward.app.transcripts import imports
from onward.app.transcripts.local_agents import LocalAgents
from onward.app.turns import sources
from onward.core.accounts.accounts import Account
from onward.core.accounts.rank import AccountNeed, RotationWindow
from onward.core.accounts.relay import RelayOutcome
from onward.core.accounts.report import AccountChoice, CreditsReport, ModelUsage, RotationOutcome
from onward.core.handoff.writer_report import WriterOutcome, read_outcome
from onward.core.knowledge.diagnosis import Troubleshooting
from onward.core.llm_key import KeyStatus
from onward.core.project import Project
from onward.core.session import Session
from onward.core.spend import CostEstimate, SpendGrouping, Spending
from onward.settings import Settings

if TYPE_CHECKING:
    from onward.store import Store

P = ParamSpec("P")
R = TypeVar("R")


def rotation_window(settings: Settings) -> RotationWindow:
    """Return the rotation window of the settings."""
    return RotationWindow(settings.rotate_from, settings.rotate_at)


class LocalResource:
    """The use cases of one noun, on an open store."""

    def __init__(self, store: Store, settings: Settings) -> None:
        self._store = store
        self._settings = settings


def _bind_store(use_case: Callable[Concatenate[Store, P], R]) -> Callable[Concatenate[LocalResource, P], R]:
    """Return *use_case* as a method that passes the store as its first argument."""

    def method(resource: LocalResource, /, *arguments: P.args, **keywords: P.kwargs) -> R:
        return use_case(resource._store, *arguments, **keywords)  # noqa: SLF001 - this is a method of the resource

    return method


class LocalProjects(LocalResource):
    """Projects: what a person works on over many sessions."""

    create = _bind_store(projects.create)
    list_projects = _bind_store(projects.list_projects)
    resolve = _bind_store(projects.resolve_origin)
    find_project = _bind_store(projects.find_by_origin)
    show = _bind_store(projects.show)
    rename = _bind_store(projects.rename)
    archive = _bind_store(projects.archive)
    restore = _bind_store(projects.restore)
    delete = _bind_store(projects.delete)
    rebuild = _bind_store(ledger_rebuild.rebuild)
    remap_project = _bind_store(reassignment.remap_project)
    remap_sessions = _bind_store(reassignment.remap_sessions)
    remap_folder = _bind_store(reassignment.remap_folder)


class LocalArchives(LocalResource):
    """Whole projects as files."""

    export = _bind_store(archives.export_project)
    import_archive = _bind_store(archives.import_archive)


class LocalImports(LocalResource):
    """Imports of transcripts of any format."""

    import_paths = _bind_store(imports.import_paths)
    known_imports = _bind_store(imports.known_imports)


class LocalSessions(LocalResource):
    """Sessions with an agent, numbered in their project."""

    start = _bind_store(sessions.start)
    require = _bind_store(sessions.require)
    list_sessions = _bind_store(sessions.list_sessions)
    show = _bind_store(sessions.show)
    replay = _bind_store(sessions.replay)
    complete = _bind_store(completion.complete)
    tick = _bind_store(sessions.tick)
    rename = _bind_store(titles.rename)
    delete = _bind_store(removal.delete)
    undelete = _bind_store(removal.undelete)
    list_deleted = _bind_store(removal.list_deleted)
    move = _bind_store(reassignment.move)
    reopen = _bind_store(sessions.reopen)
    abandon = _bind_store(sessions.abandon)

    def relay(
        self,
        project: Project | Callable[[], Project],
        *,
        local_agents: LocalAgents | None = None,
        number: int | None = None,
        accomplishments: Sequence[str] | None = None,
        blockers: Sequence[str] | None = None,
        credits_used: float | None = None,
        limit_reached: bool = False,
        need: AccountNeed | None = None,
        agent: str = "",
        budget_tokens: int | None = None,
    ) -> RelayOutcome:
        """Complete a session whose limit is reached, and choose the account to continue with, by the configured rotation window."""
        return relay_use_case.relay(
            self._store,
            project,
            local_agents=local_agents,
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
    """Handoffs: what a project's next session should know, now and in earlier versions."""

    current_handoff = _bind_store(handoffs.current_handoff)
    list_versions = _bind_store(handoffs.list_versions)
    require = _bind_store(handoffs.require)
    restore = _bind_store(handoffs.restore)
    diff = _bind_store(handoffs.diff)
    redline = _bind_store(handoffs.compare_versions)

    def refine(self, project: Project, on_progress: Callable[[int, int | None, str], None] | None = None) -> WriterOutcome:
        """Have a language model write the newest handoff, and wait for the result. A running worker does it, or one in this process."""
        # Imported here and below: the models take long to load.
        from onward.adapters import build_model_setup
        from onward.app.handoffs import writer
        from onward.backend.job_wait import run_job

        job = writer.request_writing(self._store, build_model_setup(self._settings), project, requested_by="cli")
        if job is None:
            raise writer.no_model_error()
        finished_job = run_job(self._store, self._settings, job.id, on_progress)
        if finished_job.is_open:
            error = finished_job.error or {}
            return WriterOutcome(
                job_id=finished_job.id, version=None, why=f"{error.get('message', '')} {error.get('hint', '')}".strip(), is_waiting=True
            )
        return read_outcome(finished_job.id, finished_job.result)

    def estimate(self, project: Project) -> CostEstimate:
        """Return what a written handoff costs at most. No model is asked."""
        from onward.adapters import build_model_setup
        from onward.app.handoffs import writer

        return writer.estimate(self._store, build_model_setup(self._settings), project)


class LocalFacts(LocalResource):
    """The facts of a project's ledger."""

    list_facts = _bind_store(facts.list_facts)
    add = _bind_store(facts.add)
    change = _bind_store(facts.change)


class LocalHistory(LocalResource):
    """The stored turns: searched, shown by handle, and the files that sessions touched."""

    search = _bind_store(search_turns.search)
    read_source = _bind_store(sources.read_source)
    list_files = _bind_store(project_files.list_files)
    reindex = _bind_store(ledger_rebuild.rebuild_index)


class LocalKnowledge(LocalResource):
    """The knowledge base: reusable lessons of all projects."""

    list_entries = _bind_store(knowledge.list_entries)
    search = _bind_store(knowledge.search)
    match_error = _bind_store(knowledge.match_error)
    show = _bind_store(knowledge.show)
    add = _bind_store(knowledge.add)
    edit = _bind_store(knowledge.edit)
    note_used = _bind_store(knowledge.record_used)
    delete = _bind_store(knowledge.delete)

    def troubleshoot(self, error: str, *, project: Project | None = None, context: str = "", use_ai: bool | None = None) -> Troubleshooting:
        """Return what is known of *error*. A model is asked if one is set up and the project has not solved the error before; *use_ai* is
        True to ask it in any case, False to ask none.
        """
        model_call = (
            None if use_ai is False else gateway.find_model_context(self._store, build_model_setup(self._settings), project=project)
        )
        return troubleshooter.troubleshoot(
            self._store, error, project=project, context=context, model_context=model_call, always=bool(use_ai)
        )


class LocalAnalytics(LocalResource):
    """Analytics: how sessions grow more productive, and what recurs."""

    growth = _bind_store(analytics.growth)
    patterns = _bind_store(analytics.patterns)
    retention = _bind_store(analytics.retention)


class LocalTemplates(LocalResource):
    """Templates: objectives and checklists for kinds of sessions, by name."""

    create = _bind_store(templates.create)
    list_templates = _bind_store(templates.list_templates)
    require = _bind_store(templates.require)
    delete = _bind_store(templates.delete)


class LocalAccounts(LocalResource):
    """The account pool, with the configured rotation window."""

    create = _bind_store(accounts.create)
    create_batch = _bind_store(accounts.create_batch)
    require = _bind_store(accounts.require)
    list_accounts = _bind_store(accounts.list_accounts)
    show = _bind_store(accounts.show)
    change = _bind_store(accounts.change)
    report_failure = _bind_store(accounts.report_failure)
    report_limit = _bind_store(accounts.report_limit)
    delete = _bind_store(accounts.delete)
    assign = _bind_store(charges.assign)
    find_session_account = _bind_store(charges.find_account)

    def best_account(self, need: AccountNeed | None = None) -> AccountChoice:
        """Return the account to use next, with the reasons."""
        return account_credits.best_account(self._store, need, window=rotation_window(self._settings))

    def rotate(
        self, session: Session, *, need: AccountNeed, credits_used: float | None = None, to: Account | None = None
    ) -> RotationOutcome:
        """Move an open session to the best account, or to *to*, if its account is in the rotation window."""
        return account_credits.rotate(
            self._store, session, need=need, window=rotation_window(self._settings), credits_used=credits_used, to=to
        )

    def analyze(self, *, account: Account | None = None, project: Project | None = None) -> CreditsReport:
        """Return how credits are used: by one account, one project, or all."""
        return account_credits.analyze(self._store, account=account, project_id=project.id if project else None)

    def usage(self, session: Session) -> list[ModelUsage]:
        """Return what a session cost, by account and model, the most expensive first."""
        return usage.read_session_usage(self._store, session.id)


class LocalLlm(LocalResource):
    """The language model: its key, which is never shown, and what it costs."""

    def key(self) -> KeyStatus:
        """Return the status of the key. No model is asked."""
        return keys.show(self._store, self._models())

    def put_key(self, key: str) -> KeyStatus:
        """Store a key, encrypted, in place of the one before."""
        return keys.save(self._store, self._models(), key)

    def test_key(self) -> KeyStatus:
        """Ask the model for one word, and return what the answer says of the key."""
        return keys.check(self._store, self._models())

    def remove_key(self) -> KeyStatus:
        """Delete the stored key."""
        return keys.delete(self._store, self._models())

    def spending(self, by: SpendGrouping = "project", *, project: Project | None = None, days: int | None = None) -> Spending:
        """Return what language models cost: in total, and by job, project or model."""
        limits = self._settings.llm
        total = gateway.total_spend(self._store, project=project, days=days)
        lines = gateway.list_spend(self._store, by, project=project, days=days)
        return Spending(
            total=total,
            lines=lines,
            daily_usd=limits.daily_usd,
            daily_tokens=limits.daily_tokens,
            job_usd=limits.job_usd,
            job_tokens=limits.job_tokens,
        )

    def _models(self) -> ModelSetup:
        return build_model_setup(self._settings)


class LocalStore:
    """All nouns, on one open store."""

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
