"""The HTTP edge: parse what came in, call a use case, answer. Nothing here knows the database, and nothing but `application` knows all routes.

To add routes of a noun, write `routes/<noun>.py` and add one line to `application.ROUTES`:

    router = routes("accounts")  # of `parsing`

    @router.get("/accounts", summary="List the accounts", **pages(AccountShape))
    def listed(at: At, page: Paging) -> Response:
        found = accounts.listed(at.store, after=page.last(int), limit=page.limit + 1)
        return page.answer(found, shape=account_shape, last=lambda one: (one.id,))

    @router.patch("/accounts/{account_id}", summary="Change an account", **answers(AccountShape, NotFound, Conflict))
    def change(at: At, account_id: Id, body: AccountChange) -> Response:
        return ok(account_shape(accounts.change(at.store, account_id, **body.said())))

* `At` (`desk`) is the one open store, good for all threads, and the settings. A route is a plain `def`, run in a thread; it calls `onward.app`.
* What comes in is a `Body` (`shapes`): it takes snake_case and camelCase and ignores what it does not know. `said()` is what was really sent.
* What goes out is a frozen dataclass with slots whose name ends in `Shape`, made by a function of a use case's value. It is written as it is, never validated again: the annotation of the
  route (`answers`, `pages`) is what the OpenAPI document says, and the tests hold every answer to it.
* Refusals are errors of `onward.errors`, raised wherever they happen. `envelope.STATUS` says once which status each has; `answers(…, NotFound)` names those that a route is likely to give.
* Lists are paged (`paging`) by the key of the last row, never by counting rows: rows that come meanwhile shift nothing.
* A write is repeated safely with `Idempotency-Key`; that, gzip, request ids, logs, sizes, Host and Origin are settled around all routes, and no route thinks of them. An answer that holds a secret says
  `no_store()`, so that it is not kept for repeating.
* Tests: `tests/api/conftest.py` has `client` (in process) and `server` (the real program), on SQLite and, marked slow, on PostgreSQL.
"""
