"""Settings: how pages look and speak, the model and its key, who may come in, and how this server stands."""

from __future__ import annotations

from importlib.metadata import version
from typing import Annotated, Literal
from urllib.parse import urlsplit

from fastapi import Form, Response
from fastapi.responses import RedirectResponse

from onward.app import access, backups, job_kinds, jobs, llm_keys, models, told_settings, upkeep
from onward.app.jobs import Job
from onward.core.llm_key import KeyStanding
from onward.errors import BadInput, Conflict
from onward.web.language import _
from onward.web.rendering import go, page, partial
from onward.web.visit import LANGUAGE_COOKIE, THEME_COOKIE, YEAR_SECONDS, At, Toast, Visit, routes
from onward.wiring import models_of

router = routes()

SPEND_DAYS = 30
MOST_LINES = 20
MOST_JOBS = 50


@router.get("/settings")
def show(at: At) -> Response:
    """Show what can be chosen for this browser."""
    return page(at, "pages/settings.html")


@router.post("/settings/theme")
def theme(at: At, theme: Annotated[Literal["", "light", "dark"], Form()] = "") -> Response:
    """Keep which theme this browser is to have; none for the system's."""
    return _kept(at, THEME_COOKIE, theme)


@router.post("/settings/language")
def language(at: At, language: Annotated[Literal["", "en", "id"], Form()] = "") -> Response:
    """Keep which language this browser is to have; none for its own."""
    return _kept(at, LANGUAGE_COOKIE, language)


@router.get("/settings/model")
def model(at: At) -> Response:
    """Show how the LLM key stands, and what asking models costs."""
    asked = models_of(at.settings)
    return page(
        at,
        "pages/settings_model.html",
        standing=llm_keys.show(at.store, asked),
        error="",
        is_asked=False,
        limits=at.settings.llm,
        spent=models.spend(at.store, days=SPEND_DAYS),
        today=models.spend(at.store, days=1),
        by_model=models.spend_by(at.store, "model", days=SPEND_DAYS, limit=MOST_LINES),
        by_project=models.spend_by(at.store, "project", days=SPEND_DAYS, limit=MOST_LINES),
        days=SPEND_DAYS,
    )


@router.post("/parts/settings/key")
def put_key(at: At, key: Annotated[str, Form()] = "") -> Response:
    """Keep a key, encrypted; the part that answers tests it by itself."""
    asked = models_of(at.settings)
    try:
        standing = llm_keys.put(at.store, asked, key)
    except BadInput as error:
        said = str(error) if key.strip() else _("This is needed.")
        return _key(at, llm_keys.show(at.store, asked), error=said, status_code=422)
    return _key(at, standing, toast=Toast(_("The key is kept, encrypted")), is_asked=not standing.is_off)


@router.post("/parts/settings/key/test")
def check_key(at: At) -> Response:
    """Ask the model for one word, and show what that says of the key."""
    return _key(at, llm_keys.check(at.store, models_of(at.settings)))


@router.delete("/parts/settings/key")
def remove_key(at: At) -> Response:
    """Remove the kept key."""
    return _key(at, llm_keys.remove(at.store, models_of(at.settings)), toast=Toast(_("The key is removed")))


def _key(
    at: Visit, standing: KeyStanding, *, error: str = "", toast: Toast | None = None, status_code: int = 200, is_asked: bool = False
) -> Response:
    return partial(at, "partials/_llm_key.html", status_code=status_code, toast=toast, standing=standing, error=error, is_asked=is_asked)


@router.get("/settings/access")
def tokens(at: At) -> Response:
    """Show who may come in, the ones that may not any more after them."""
    found = sorted(access.listed(at.store), key=lambda one: (one.revoked_at is not None, -one.id))
    return page(at, "pages/settings_access.html", tokens=found)


@router.get("/parts/settings/access/new")
def ask_token(at: At) -> Response:
    """Ask whom a token is for."""
    return partial(at, "partials/_access_new.html", values={"name": "", "scope": "read", "days": "90"}, error="", is_dialog=True)


@router.post("/parts/settings/access/new")
def new_token(
    at: At, name: Annotated[str, Form()] = "", scope: Annotated[Literal["read", "write", "admin"], Form()] = "read", days: Annotated[Literal["", "7", "90", "365"], Form()] = ""
) -> Response:  # fmt: skip
    """Give a token out, and show it this once."""
    try:
        made, token = access.new(at.store, name, scope, days=int(days) if days else None)
    except (BadInput, Conflict) as error:
        values = {"name": name, "scope": scope, "days": days}
        said = str(error) if name.strip() else _("This is needed.")
        return partial(at, "partials/_access_new.html", status_code=422, values=values, error=said, is_dialog=False)
    return partial(at, "partials/_access_made.html", made=made, token=token)


@router.get("/parts/settings/access/{token_id}/revoke")
def ask_revoking(at: At, token_id: int) -> Response:
    """Ask for the name of the token that is about to open nothing any more."""
    return partial(at, "partials/_access_revoke.html", token=access.find(at.store, str(token_id)))


@router.delete("/parts/settings/access/{token_id}")
def revoke(at: At, token_id: int) -> Response:
    """Shut out whoever holds a token."""
    one = access.revoke(at.store, str(token_id))
    return go(at, "/settings/access", toast=Toast(_("%(name)s opens nothing any more", name=one.name)))


@router.get("/settings/server")
def server(at: At) -> Response:
    """Show what is set and where, what this Onward is, and how to begin anew."""
    return page(
        at,
        "pages/settings_server.html",
        said=told_settings.told(at.settings),
        version=version("onward"),
        home=at.settings.home,
        store_name=upkeep.name(at.store),
        size_bytes=at.store.path.stat().st_size if at.store.path else None,
        schema=upkeep.migrated(at.store).version,
        copies=_copies(at),
    )


def _copies(at: Visit) -> list[Job]:
    """Return the job that copied the store last, unless its file is gone; else nothing."""
    found = next((one for one in jobs.listed(at.store, limit=MOST_JOBS) if one.kind == backups.KIND), None)
    is_there = found and (found.state != "done" or job_kinds.made_file(at.settings.home, found).is_file())
    return [found] if found and is_there else []


@router.post("/parts/settings/backup")
def back_up(at: At) -> Response:
    """Ask for a safe copy of the store."""
    return partial(at, "partials/_job.html", job=backups.ask(at.store, requested_by="dashboard"), then="")


@router.get("/parts/checkup")
def checkup(at: At) -> Response:
    """Answer what the doctor finds, the worst first."""
    found = at.request.app.state.checkup()
    rank = {"problem": 0, "warning": 1, "ok": 2}
    return partial(at, "partials/_checkup.html", findings=sorted(found, key=lambda one: rank[one.status]))


@router.delete("/parts/settings/store")
def empty(at: At) -> Response:
    """Make the store empty. On SQLite what it held is copied beside it first."""
    done = upkeep.reset(at.settings, at.store)
    said = _("The store is empty. What it held is in %(file)s", file=done.kept.name) if done.kept else _("The store is empty")
    return go(at, "/", toast=Toast(said, "info"))


def _kept(at: Visit, cookie: str, value: str) -> Response:
    answer = RedirectResponse(_back(at), 303)
    if value:
        answer.set_cookie(cookie, value, max_age=YEAR_SECONDS, httponly=True, samesite="lax", path="/")
    else:
        answer.delete_cookie(cookie, path="/")
    return answer


def _back(at: Visit) -> str:
    """Return the page that a form was sent from."""
    there = urlsplit(at.request.headers.get("referer", ""))
    is_ours = there.netloc == at.request.headers.get("host", "") and there.path.startswith("/") and not there.path.startswith("//")
    return f"{there.path}?{there.query}".rstrip("?") if is_ours else "/"
