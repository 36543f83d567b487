"""Settings: appearance, language model, access tokens, and the server."""

from __future__ import annotations

from importlib.metadata import version
from typing import Annotated, Literal
from urllib.parse import urlsplit

from fastapi import Form, Response
from fastapi.responses import RedirectResponse

from onward.adapters import build_model_setup
from onward.app.admin import access, backups, database, settings_report
from onward.app.admin.confirmation import require_name
from onward.app.jobs import jobs, kinds
from onward.app.jobs.jobs import Job
from onward.app.models import gateway, keys, model_choice, writers
from onward.core.llm_key import KeyStatus
from onward.errors import BadInput, Conflict, NotFound
from onward.web.language import _
from onward.web.messages import translate_error
from onward.web.page_request import LANGUAGE_COOKIE, THEME_COOKIE, YEAR_SECONDS, CurrentPageRequest, PageRequest, Toast, page_router
from onward.web.render import page, partial, redirect

router = page_router()

SPEND_DAYS = 30
MAX_LINES = 20
MAX_JOBS = 50


@router.get("/settings")
def show_settings(request: CurrentPageRequest) -> Response:
    """Show the appearance settings."""
    return page(request, "pages/settings.html")


@router.post("/settings/theme")
def save_theme(request: CurrentPageRequest, theme: Annotated[Literal["", "light", "dark"], Form()] = "") -> Response:
    """Store the theme of this browser; empty follows the system."""
    return _save_cookie(request, THEME_COOKIE, theme)


@router.post("/settings/language")
def save_language(request: CurrentPageRequest, language: Annotated[Literal["", "en", "id"], Form()] = "") -> Response:
    """Store the language of this browser; empty follows the browser."""
    return _save_cookie(request, LANGUAGE_COOKIE, language)


@router.get("/settings/model")
def show_model(request: CurrentPageRequest) -> Response:
    """Show the state of the API key and the AI spend."""
    configured_models = build_model_setup(request.settings)
    return page(
        request,
        "pages/settings_model.html",
        key_state=keys.show(request.store, configured_models),
        own_agents=writers.list_agents(request.settings.home),
        writer_error="",
        error="",
        is_testing=False,
        choice=_choice_values(request),
        choice_errors={},
        is_model_set=model_choice.is_set(request.settings.llm),
        limits=request.settings.llm,
        spend=gateway.total_spend(request.store, days=SPEND_DAYS),
        today=gateway.total_spend(request.store, days=1),
        by_model=gateway.list_spend(request.store, "model", days=SPEND_DAYS, limit=MAX_LINES),
        by_project=gateway.list_spend(request.store, "project", days=SPEND_DAYS, limit=MAX_LINES),
        days=SPEND_DAYS,
    )


@router.post("/parts/settings/writer")
def choose_writer(request: CurrentPageRequest, agent: Annotated[str, Form()] = "") -> Response:
    """Have an agent of this machine write handoffs; empty for none. Jobs that wait for a model try again."""
    error = ""
    try:
        if agent:
            writers.choose(request.settings.home, agent)
        else:
            writers.clear(request.settings.home)
        jobs.wake_waiting(request.store)
    except (BadInput, NotFound) as problem:
        error = translate_error(problem)
    return partial(
        request,
        "partials/_writer.html",
        status_code=422 if error else 200,
        toast=None if error else Toast(_("Saved")),
        own_agents=writers.list_agents(request.settings.home),
        writer_error=error,
        limits=request.settings.llm,
    )


@router.post("/parts/settings/model")
def choose_model(request: CurrentPageRequest, url: Annotated[str, Form()] = "", model: Annotated[str, Form()] = "") -> Response:
    """Use another model or address. Jobs that wait for a model try again."""
    try:
        is_key_deleted = model_choice.choose(request.store, build_model_setup(request.settings), url, model)
    except (BadInput, Conflict) as problem:
        return partial(
            request,
            "partials/_model_choice.html",
            status_code=422,
            choice={"url": url, "model": model},
            choice_errors={"url" if model.strip() or not url.strip() else "model": translate_error(problem)},
            is_model_set=model_choice.is_set(request.settings.llm),
        )
    jobs.wake_waiting(request.store)
    text = _("Saved. The API key belonged to another address and was deleted.") if is_key_deleted else _("Saved")
    return redirect(request, "/settings/model", toast=Toast(text))


def _choice_values(request: PageRequest) -> dict[str, str]:
    settings = build_model_setup(request.settings).current_settings
    return {"url": settings.url, "model": settings.model}


@router.post("/parts/settings/key")
def save_key(request: CurrentPageRequest, key: Annotated[str, Form()] = "") -> Response:
    """Store an API key, encrypted. The returned part tests it."""
    configured_models = build_model_setup(request.settings)
    try:
        key_state = keys.save(request.store, configured_models, key)
    except BadInput as error:
        message = translate_error(error) if key.strip() else _("Required.")
        return _key_part(request, keys.show(request.store, configured_models), error=message, status_code=422)
    return _key_part(request, key_state, toast=Toast(_("API key saved (encrypted)")), is_testing=not key_state.is_off)


@router.post("/parts/settings/key/test")
def test_key(request: CurrentPageRequest) -> Response:
    """Test the API key with a small request."""
    return _key_part(request, keys.check(request.store, build_model_setup(request.settings)))


@router.delete("/parts/settings/key")
def delete_key(request: CurrentPageRequest) -> Response:
    """Delete the stored API key."""
    return _key_part(request, keys.delete(request.store, build_model_setup(request.settings)), toast=Toast(_("API key removed")))


def _key_part(
    request: PageRequest,
    key_state: KeyStatus,
    *,
    error: str = "",
    toast: Toast | None = None,
    status_code: int = 200,
    is_testing: bool = False,
) -> Response:
    return partial(
        request, "partials/_llm_key.html", status_code=status_code, toast=toast, key_state=key_state, error=error, is_testing=is_testing
    )


@router.get("/settings/access")
def list_tokens(request: CurrentPageRequest) -> Response:
    """Show the access tokens, revoked ones last."""
    access_tokens = sorted(
        access.list_tokens(request.store), key=lambda access_token: (access_token.revoked_at is not None, -access_token.id)
    )
    return page(request, "pages/settings_access.html", tokens=access_tokens)


@router.get("/parts/settings/access/new")
def show_token_form(request: CurrentPageRequest) -> Response:
    """Return the form for a new access token."""
    return partial(request, "partials/_access_new.html", values={"name": "", "scope": "read", "days": "90"}, error="", is_dialog=True)


@router.post("/parts/settings/access/new")
def create_token(
    request: CurrentPageRequest,
    name: Annotated[str, Form()] = "",
    scope: Annotated[Literal["read", "write", "admin"], Form()] = "read",
    days: Annotated[Literal["", "7", "90", "365"], Form()] = "",
) -> Response:
    """Create an access token and show it once."""
    try:
        token = access.create_token(request.store, name, scope, days=int(days) if days else None)[1]
    except (BadInput, Conflict) as error:
        values = {"name": name, "scope": scope, "days": days}
        message = translate_error(error) if name.strip() else _("Required.")
        return partial(request, "partials/_access_new.html", status_code=422, values=values, error=message, is_dialog=False)
    return partial(request, "partials/_access_token.html", token=token)


@router.get("/parts/settings/access/{token_id}/revoke")
def confirm_revocation(request: CurrentPageRequest, token_id: int) -> Response:
    """Return the dialog that asks for the token's name before it is revoked."""
    return partial(request, "partials/_access_revoke.html", token=access.require_token(request.store, str(token_id)))


@router.delete("/parts/settings/access/{token_id}")
def revoke_token(request: CurrentPageRequest, token_id: int) -> Response:
    """Revoke an access token."""
    access_token = access.revoke(request.store, str(token_id))
    return redirect(request, "/settings/access", toast=Toast(_("%(name)s revoked", name=access_token.name)))


@router.get("/settings/server")
def show_server(request: CurrentPageRequest) -> Response:
    """Show the effective settings, the version, backups and the reset."""
    return page(
        request,
        "pages/settings_server.html",
        settings=settings_report.report_settings(request.settings),
        version=version("onward"),
        home=request.settings.home,
        store_name=database.store_name(request.store),
        size_bytes=request.store.path.stat().st_size if request.store.path else None,
        schema=database.read_migration(request.store).new_version,
        backup_jobs=_backup_jobs(request),
    )


def _backup_jobs(request: PageRequest) -> list[Job]:
    """Return the latest backup job if its file still exists; else an empty list."""
    job = next((candidate for candidate in jobs.list_jobs(request.store, limit=MAX_JOBS) if candidate.kind == backups.KIND), None)
    is_available = job and (job.state != "done" or kinds.output_path(request.settings.home, job).is_file())
    return [job] if job and is_available else []


@router.post("/parts/settings/backup")
def create_backup(request: CurrentPageRequest) -> Response:
    """Start a backup."""
    return partial(request, "partials/_job.html", job=backups.request_backup(request.store, requested_by="dashboard"), next_url="")


@router.get("/parts/checkup")
def checkup_part(request: CurrentPageRequest) -> Response:
    """Return the findings of the health check, the worst first."""
    findings = request.http.app.state.checkup()
    rank = {"problem": 0, "warning": 1, "ok": 2}
    return partial(request, "partials/_checkup.html", findings=sorted(findings, key=lambda finding: rank[finding.status]))


@router.delete("/parts/settings/store")
def reset_store(request: CurrentPageRequest, name: str = "") -> Response:
    """Delete all data but the access tokens, if *name* is the store's. On SQLite, a backup is made first."""
    require_name(name, database.store_name(request.store))
    result = database.reset_store(request.settings, request.store)
    message = _("All data deleted. Backup: %(file)s", file=result.backup_path.name) if result.backup_path else _("All data deleted")
    return redirect(request, "/", toast=Toast(message, "info"))


def _save_cookie(request: PageRequest, cookie: str, value: str) -> Response:
    response = RedirectResponse(_referring_page(request), 303)
    if value:
        response.set_cookie(cookie, value, max_age=YEAR_SECONDS, httponly=True, samesite="lax", path="/")
    else:
        response.delete_cookie(cookie, path="/")
    return response


def _referring_page(request: PageRequest) -> str:
    """Return the page that sent the form."""
    referrer = urlsplit(request.http.headers.get("referer", ""))
    is_local = (
        referrer.netloc == request.http.headers.get("host", "") and referrer.path.startswith("/") and not referrer.path.startswith("//")
    )
    return f"{referrer.path}?{referrer.query}".rstrip("?") if is_local else "/"
