"""The HTTP API: parse the request, call a use case, answer. Nothing here knows the database, and only `application` knows all routes.

To add routes of a noun, write `routes/<noun>.py` and add one line to `application.ROUTES`:

    router = create_router("accounts")  # of `parsing`

    @router.get("/accounts", summary="List the accounts", **pages(AccountShape))
    def list_accounts(context: Context, page: Paging) -> Response:
        availabilities = accounts.list_accounts(context.store, after=page.last_key(str) or "", limit=page.limit + 1)
        return page.answer(availabilities, shape=account_shape, key_of=lambda availability: (availability.account.name,))

    @router.patch("/accounts/{account_id}", summary="Change an account", **answers(AccountShape, NotFound, Conflict))
    def change_account(context: Context, account_id: Id, body: AccountChange) -> Response:
        account = accounts.require(context.store, account_id)
        return ok(account_shape(accounts.change(context.store, account, **body.sent_fields())))

* `Context` (`context`) is the open store, safe for all threads, and the settings. A route is a plain `def`, run in a thread;
  it calls `onward.app`.
* A request is a `Body` (`bodies`): it accepts snake_case and camelCase and ignores unknown fields.
  `sent_fields()` are the fields it contains.
* An answer is a frozen dataclass with slots whose name ends in `Shape`, built from a use case's value. It is written without
  further validation: the annotation of the route (`answers`, `pages`) goes into the OpenAPI document,
  and the tests check every answer against it.
* Failures are errors of `onward.errors`, raised anywhere. `envelope.STATUS_BY_ERROR` has the status of each;
  `answers(…, NotFound)` names the likely ones of a route.
* Lists are paged (`paging`) by the key of the last row, not by counting rows: new rows shift nothing.
* Middleware handles `Idempotency-Key`, gzip, request ids, logs, sizes, Host and Origin for all routes. An answer that holds
  a secret is sent with `no_store_headers()`, so that it is not stored for repetition.
* Tests: `tests/api/conftest.py` has `client` (in process) and `server` (the real program), on SQLite and, marked slow, on PostgreSQL.
"""
