"""The command palette: pages, commands, projects and sessions that match a query."""

from __future__ import annotations

from typing import NamedTuple

from fastapi import Response

from onward.app.projects import projects
from onward.app.sessions import sessions
from onward.web.language import LANGUAGES, _
from onward.web.page_request import CurrentPageRequest, PageRequest, page_router
from onward.web.render import partial

router = page_router()

MAX_MATCHES = 8
_MAX_SEARCHED = 500


class Command(NamedTuple):
    """One line of the palette. `action` is for the page's script, if it is not a link; `words` are further search terms."""

    text: str
    url: str = ""
    symbol: str = "arrow-right"
    note: str = ""
    action: str = ""
    words: str = ""


def page_commands() -> list[Command]:
    """Return the pages."""
    return [
        Command(text=_("Dashboard"), url="/", symbol="layout-dashboard", note="G D", words="home overview"),
        Command(text=_("Projects"), url="/projects", symbol="folder-git-2", words="archived"),
        Command(text=_("Sessions"), url="/sessions", symbol="history", note="G S"),
        Command(text=_("Handoff"), url="/handoff", symbol="repeat", note="G H", words="paste distill"),
        Command(text=_("Analytics"), url="/analytics", symbol="chart-line", note="G A", words="growth charts"),
        Command(text=_("Knowledge"), url="/knowledge", symbol="library", note="G K"),
        Command(text=_("Accounts"), url="/accounts", symbol="users", words="credits"),
        Command(text=_("Search"), url="/search", symbol="search", note="/"),
        Command(text=_("Settings"), url="/settings", symbol="settings", words="theme language key token"),
        Command(text=_("Troubleshoot an error"), url="/knowledge/seen", symbol="circle-help", words="troubleshoot fix"),
        Command(text=_("API key"), url="/settings/model", symbol="key-round", words="model cost spend budget"),
        Command(text=_("Access tokens"), url="/settings/access", symbol="lock", words="permission"),
        Command(text=_("Background tasks"), url="/jobs", symbol="activity", words="jobs progress import export backup"),
        Command(text=_("Health check"), url="/settings/server", symbol="activity", words="doctor server about version store"),
    ]


def action_commands() -> list[Command]:
    """Return the commands, which work on every page."""
    return [
        Command(_("Start a session"), symbol="play", note="N", action="fetch:/parts/sessions/start", words="new begin"),
        Command(_("Complete the active session"), symbol="check", note="C", action="complete", words="finish end handoff"),
        Command(_("New project"), symbol="folder-git-2", action="fetch:/parts/projects/new", words="create"),
        Command(text=_("Templates"), url="/sessions/templates", symbol="list-checks", words="objectives checklist"),
        Command(_("New account"), symbol="users", action="fetch:/parts/accounts/new", words="add credits"),
        Command(_("Add several accounts"), symbol="clipboard-paste", action="fetch:/parts/accounts/batch", words="batch csv"),
        Command(_("New entry"), symbol="library", action="fetch:/parts/knowledge/new", words="knowledge write learn"),
        Command(_("Toggle dark mode"), symbol="sun-moon", action="theme", words="theme mode"),
        *(Command(name, symbol="languages", action=f"language:{code}", words="language bahasa") for code, name in LANGUAGES.items()),
        Command(text=_("Import sessions"), url="/begin", symbol="folder-input", words="paste demo upload add"),
        Command(_("Keyboard shortcuts"), symbol="keyboard", note="?", action="dialog:shortcuts"),
        Command(text=_("API routes"), url="/docs", symbol="code", words="openapi"),
    ]


@router.get("/parts/palette")
def show_palette(request: CurrentPageRequest, q: str = "") -> Response:
    """Return the matches for a query, by group."""
    typed_words = q.casefold().split()
    groups = [
        (_("Go to"), _match_commands(page_commands(), typed_words)),
        (_("Actions"), _match_commands(action_commands(), typed_words)),
        (_("Projects"), _match_commands(_project_commands(request), typed_words)[:MAX_MATCHES]),
        (_("Sessions"), _match_commands(_session_commands(request), typed_words)[:MAX_MATCHES] if typed_words else []),
    ]
    if q.strip():
        groups.append((_("Search"), [Command(text=_("Search for “%(words)s”", words=q.strip()), url="", symbol="search")]))
    return partial(request, "partials/_palette.html", groups=[(name, matches) for name, matches in groups if matches], q=q.strip())


def _match_commands(commands: list[Command], typed_words: list[str]) -> list[Command]:
    return [command for command in commands if all(word in f"{command.text} {command.words}".casefold() for word in typed_words)]


def _project_commands(request: PageRequest) -> list[Command]:
    return [
        Command(text=line.project.name, url=f"/projects/{line.project.id}", symbol="folder-git-2", words=line.project.description)
        for line in projects.list_known(request.store, limit=_MAX_SEARCHED)
    ]


def _session_commands(request: PageRequest) -> list[Command]:
    return [
        Command(
            text=session.title or _("Session %(number)s", number=session.number),
            url=f"/sessions/{session.id}",
            symbol="history",
            note=f"#{session.number}",
            words=session.agent,
        )
        for session in sessions.list_all(request.store, limit=_MAX_SEARCHED)
    ]
