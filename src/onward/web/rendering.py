"""Pages and parts of pages: templates filled in, and what is sent beside them."""

from __future__ import annotations

import gc
import json
import os
import time
from collections.abc import Mapping
from contextlib import suppress
from functools import cache
from pathlib import Path
from threading import Thread
from typing import Any
from urllib.parse import quote, urlencode

from fastapi import Response
from fastapi.responses import RedirectResponse
from jinja2 import Environment, FileSystemBytecodeCache, FileSystemLoader, StrictUndefined

from onward.app import projects
from onward.app.access import Reach
from onward.app.in_sight import in_sight
from onward.web import figures, language, visit
from onward.web.assets import HTMX, assets
from onward.web.below import spoken
from onward.web.prose import code, phrase, prose
from onward.web.visit import Toast, Visit

TEMPLATES = Path(__file__).parent / "templates"

VARIES = "HX-Request, HX-Boosted, Cookie, Accept-Language"
_LISTED_PROJECTS = 12
_PAUSE_SECONDS = 0.2


def page(at: Visit, template: str, *, status_code: int = 200, toast: Toast | None = None, **context: Any) -> Response:
    """Return a page. Where only its middle is wanted, that is what is sent, with what around it changes with it."""
    context["layout"] = "fragment.html" if at.is_boosted else "layout.html"
    return _answer(at, template, status_code, toast, {**_around(at), **context})


def bare_page(at: Visit, template: str, *, status_code: int = 200, **context: Any) -> Response:
    """Return a page with nothing around it, which needs no store: to sign in, or to say that the store is out of reach."""
    return _answer(at, template, status_code, None, {"layout": "bare.html", **context})


def partial(at: Visit, template: str, *, status_code: int = 200, toast: Toast | None = None, **context: Any) -> Response:
    """Return a part of a page. With 422 it is a form again, and says what is wrong with it."""
    return _answer(at, template, status_code, toast, context)


def go(at: Visit, url: str, *, toast: Toast | None = None) -> Response:
    """Lead to another page, after something was done; what was open for it is closed."""
    if not at.is_htmx or at.is_boosted:
        return RedirectResponse(url, 303, headers=_told(toast, "HX-Trigger") if at.is_boosted else None)
    there = {"path": url, "target": "#main", "swap": "outerHTML show:window:top", "headers": {"HX-Boosted": "true"}}
    return Response(headers={"hx-location": json.dumps(there), "hx-trigger": json.dumps({**_events(toast), "onward:close": True})})


def told(at: Visit, toast: Toast) -> Response:
    """Say that something was done, and change nothing on the page."""
    return Response(status_code=204, headers=_told(toast)) if at.is_htmx else RedirectResponse("/", 303)


def changed(at: Visit, event: str, toast: Toast, *, back: str = "/") -> Response:
    """Say that something was done, close what was open for it, and have the parts of the page fetch themselves anew that listen to *event*."""
    if not at.is_htmx:
        return RedirectResponse(back, 303)
    # Closing comes last: what it takes away tells nobody anything any more.
    return Response(status_code=204, headers={"HX-Trigger": json.dumps({event: "", "onward:toast": toast.told(), "onward:close": ""})})


def _answer(at: Visit, template: str, status_code: int, toast: Toast | None, context: Mapping[str, Any]) -> Response:
    html = (
        environment()
        .get_template(template)
        .render(
            {
                "at": at,
                "path": at.request.url.path,
                "query": at.request.query_params,
                "language": language.current.get(),
                "theme": at.theme,
                **context,
            }
        )
    )
    get_ready()
    return Response(html, status_code, {"vary": VARIES, "cache-control": "no-store", **_told(toast)}, "text/html; charset=utf-8")


def _told(toast: Toast | None, header: str = "HX-Trigger") -> dict[str, str]:
    return {header: json.dumps(_events(toast))} if toast else {}


def _events(toast: Toast | None) -> dict[str, Any]:
    return {"onward:toast": toast.told()} if toast else {}


def _around(at: Visit) -> dict[str, Any]:
    """Return what every page shows around its middle: the session that goes on, and the projects to go to."""
    return {
        "in_sight": in_sight(at.store, visit.window(at.settings)),
        "known_projects": projects.known(at.store, limit=_LISTED_PROJECTS),
    }


@cache
def environment() -> Environment:
    """Return the templates, set up once."""
    made = Environment(
        loader=FileSystemLoader(TEMPLATES), autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True,
        auto_reload=False, extensions=["jinja2.ext.i18n", "jinja2.ext.do"], bytecode_cache=_compiled(),
    )  # fmt: skip
    made.install_gettext_callables(language._, language.form, newstyle=True)  # type: ignore[attr-defined]
    made.globals["_"] = language.shown
    made.filters.update(figures.FILTERS)
    made.filters["spoken"] = spoken
    made.filters["query"] = lambda values: urlencode({name: value for name, value in values.items() if value not in (None, "")})
    made.filters["paired"] = lambda values, others: list(zip(values, others, strict=True))
    made.filters["quoted"] = lambda text: quote(str(text), safe="")
    made.filters["pretty"] = lambda value: json.dumps(value, indent=2, ensure_ascii=False, default=str)
    made.globals.update(
        static=assets().url, htmx_config=HTMX, may=_may, languages=language.LANGUAGES, prose=prose, phrase=phrase, code=code
    )
    return made


def _compiled() -> FileSystemBytecodeCache | None:
    """Return where compiled templates are kept, as Python keeps its own: beside them, where that may be written."""
    folder = TEMPLATES / "__pycache__"
    with suppress(OSError):
        folder.mkdir(exist_ok=True)
    return FileSystemBytecodeCache(str(folder)) if os.access(folder, os.W_OK) else None


@cache
def get_ready() -> Thread:
    """Once a page was answered, have the others' templates ready beside what is asked: at the first click that would take longer than all else."""
    thread = Thread(target=_ready, name="onward-templates", daemon=True)
    thread.start()
    return thread


def _ready() -> None:
    # What the first page loads comes first.
    time.sleep(_PAUSE_SECONDS)
    for name in environment().list_templates(extensions=["html"]):
        environment().get_template(name)
    prose("`a`", 1)
    for language_name in ("bash", "python", "json", "diff"):
        code("a", language_name)
    # What is there by now stays for good: to look through it for cycles stops everything for a tenth of a second, now and again.
    gc.freeze()


def _may(wanted: Reach) -> bool:
    now = visit.current.get()
    return now is None or now.may(wanted)
