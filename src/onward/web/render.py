"""Responses of pages and parts of pages: rendered templates, redirects and toasts."""

from __future__ import annotations

import gc
import json
import os
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from functools import cache, lru_cache
from pathlib import Path
from threading import Thread
from typing import Any, cast
from urllib.parse import urlencode

from fastapi import Response
from fastapi.responses import RedirectResponse
from jinja2 import Environment, FileSystemBytecodeCache, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from onward.app.admin.access import TokenScope
from onward.app.jobs import events
from onward.app.projects import projects
from onward.app.sessions.current_session import find_current
from onward.core.agents import agent_label
from onward.core.edit_version import edit_version
from onward.core.handoff.document import Handoff
from onward.web import format_values, language
from onward.web.assets import HTMX_CONFIG, load_assets
from onward.web.markdown import render_code, render_inline, render_markdown
from onward.web.messages import translate_all, translate_message
from onward.web.page_request import PageRequest, Toast, current_page_request, rotation_window
from onward.web.project_page import GROUP_HEADINGS
from onward.web.project_view import find_viewed_project_id

TEMPLATES = Path(__file__).parent / "templates"

VARY = "HX-Request, HX-Boosted, Cookie, Accept-Language"
_MAX_PROJECTS, _MAX_SHELF_PROJECTS = 12, 6
_PAUSE_SECONDS = 0.2
_CACHED_DOCUMENTS = 32


def page(request: PageRequest, template: str, *, status_code: int = 200, toast: Toast | None = None, **context: Any) -> Response:
    """Return a page. A boosted request gets the main part, with the navigation that changes with it."""
    context["layout"] = "fragment.html" if request.is_boosted else "layout.html"
    return _render_response(request, template, status_code, toast, {**_layout_context(request), **context})


def bare_page(request: PageRequest, template: str, *, status_code: int = 200, **context: Any) -> Response:
    """Return a page without navigation, which needs no store: sign-in and errors."""
    return _render_response(request, template, status_code, None, {"layout": "bare.html", **context})


def partial(request: PageRequest, template: str, *, status_code: int = 200, toast: Toast | None = None, **context: Any) -> Response:
    """Return a part of a page. Status 422 marks a form with errors."""
    return _render_response(request, template, status_code, toast, context)


def redirect(request: PageRequest, url: str, *, toast: Toast | None = None) -> Response:
    """Redirect to another page after an action, closing open dialogs."""
    if not request.is_htmx or request.is_boosted:
        return RedirectResponse(url, 303, headers=_toast_headers(toast, "HX-Trigger") if request.is_boosted else None)
    location = {"path": url, "target": "#main", "swap": "outerHTML show:window:top", "headers": {"HX-Boosted": "true"}}
    return Response(headers={"hx-location": json.dumps(location), "hx-trigger": json.dumps({**_toast_events(toast), "onward:close": True})})


def change_response(request: PageRequest, event: str, toast: Toast, *, fallback_url: str = "/") -> Response:
    """Show a toast, close open dialogs, and trigger *event*, on which parts of the page refetch themselves."""
    if not request.is_htmx:
        return RedirectResponse(fallback_url, 303)
    # The close event comes last: elements in a closed dialog no longer receive events.
    return Response(
        status_code=204, headers={"HX-Trigger": json.dumps({event: "", "onward:toast": toast.to_payload(), "onward:close": ""})}
    )


def _render_response(request: PageRequest, template: str, status_code: int, toast: Toast | None, context: Mapping[str, Any]) -> Response:
    html = (
        environment()
        .get_template(template)
        .render(
            {
                "request": request,
                "path": request.http.url.path,
                "query": request.http.query_params,
                "language": language.current_language.get(),
                "theme": request.theme,
                **context,
            }
        )
    )
    warm_templates()
    return Response(html, status_code, {"vary": VARY, "cache-control": "no-store", **_toast_headers(toast)}, "text/html; charset=utf-8")


def _toast_headers(toast: Toast | None, header: str = "HX-Trigger") -> dict[str, str]:
    return {header: json.dumps(_toast_events(toast))} if toast else {}


def _toast_events(toast: Toast | None) -> dict[str, Any]:
    return {"onward:toast": toast.to_payload()} if toast else {}


def _layout_context(request: PageRequest) -> dict[str, Any]:
    """Return what surrounds every page: the current session and the projects of the menu, first the one in view and the one at work."""
    current_session = find_current(request.store, rotation_window(request.settings))
    first_ids = [find_viewed_project_id(request), current_session.project.id if current_session else None]
    first_projects = projects.list_known(request.store, only_ids=[project_id for project_id in first_ids if project_id])
    listed_projects = projects.list_latest(request.store, limit=_MAX_PROJECTS)
    shown_ids = {option.project.id for option in listed_projects[:_MAX_SHELF_PROJECTS]}
    # A project that is listed anyway keeps its place in the order of activity.
    hidden_projects = [option for option in first_projects if option.project.id not in shown_ids]
    others = [option for option in listed_projects if option not in hidden_projects]
    return {
        "current_session": current_session,
        "known_projects": [*hidden_projects, *others][:_MAX_PROJECTS],
        "newest_event": events.find_newest_id(request.store),
    }


@cache
def environment() -> Environment:
    """Return the Jinja environment, built once."""
    templates = Environment(
        loader=FileSystemLoader(TEMPLATES), autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True,
        auto_reload=False, extensions=["jinja2.ext.i18n", "jinja2.ext.do"], bytecode_cache=_bytecode_cache(),
    )  # fmt: skip
    templates.install_gettext_callables(language._, language.plural_form, newstyle=True)  # type: ignore[attr-defined]
    templates.globals["_"] = language.translate_markup
    templates.filters.update(format_values.FILTERS)
    templates.filters["translated"] = translate_message
    templates.filters["all_translated"] = translate_all
    templates.filters["agent_label"] = agent_label
    templates.filters["query"] = lambda values: urlencode({name: value for name, value in values.items() if value not in (None, "")})
    templates.filters["zipped"] = lambda values, other_values: list(zip(values, other_values, strict=True))
    templates.filters["pretty_json"] = lambda value: json.dumps(value, indent=2, ensure_ascii=False, default=str)
    templates.globals.update(
        static=load_assets().url,
        group_headings=GROUP_HEADINGS,
        htmx_config=HTMX_CONFIG,
        may=_is_allowed,
        edit_version=edit_version,
        languages=language.LANGUAGES,
        prose=render_markdown,
        phrase=render_inline,
        code=render_code,
        handoff_document=_render_document,
    )
    return templates


def _render_document(
    project_id: int, handoff: Handoff, closing: Sequence[str], *, acts: bool, known_texts: frozenset[str] | None = None
) -> Markup:
    """Return a handoff as a document (`ledger.document`). Cached: its hundreds of lines take longer than the rest of the page."""
    # The facts and proofs of its lines are part of the markup, but not of what makes two handoffs equal.
    unequal = (handoff.fact_ids(), handoff.proofs())
    return _cached_document(language.current_language.get(), unequal, project_id, handoff, tuple(closing), acts, known_texts)


@lru_cache(_CACHED_DOCUMENTS)
def _cached_document(
    _language: str,
    _unequal: tuple[frozenset[str], tuple[str, ...]],
    project_id: int,
    handoff: Handoff,
    closing: tuple[str, ...],
    acts: bool,
    known_texts: frozenset[str] | None,
) -> Markup:
    macros = cast("Any", environment().get_template("components/ledger.html").module)
    return Markup(macros.document(project_id, handoff, closing, acts, known_texts))  # noqa: S704 - escaped by the template


def _bytecode_cache() -> FileSystemBytecodeCache | None:
    """Return the cache of compiled templates, beside the templates, if that folder is writable."""
    folder = TEMPLATES / "__pycache__"
    with suppress(OSError):
        folder.mkdir(exist_ok=True)
    return FileSystemBytecodeCache(str(folder)) if os.access(folder, os.W_OK) else None


@cache
def warm_templates() -> Thread:
    """Load the remaining templates in the background after the first page, so that the first click is not slow."""
    thread = Thread(target=_load_templates, name="onward-templates", daemon=True)
    thread.start()
    return thread


def _load_templates() -> None:
    # Let the first page load its assets first.
    time.sleep(_PAUSE_SECONDS)
    for name in environment().list_templates(extensions=["html"]):
        environment().get_template(name)
    render_markdown("`a`", 1)
    for language_name in ("bash", "python", "json", "diff"):
        render_code("a", language_name)
    # Everything loaded by now stays: freezing it spares garbage collections of a tenth of a second.
    gc.freeze()


def _is_allowed(reach: TokenScope) -> bool:
    request = current_page_request.get()
    return request is None or request.may(reach)
