"""All errors that Onward raises on purpose.

OnwardError                 code, message, hint: what happened and what to do
├── BadInput                the caller's input cannot be used (exit code 2)
│   ├── UnknownFormat       no transcript format recognises the content
│   │   └── NothingRead     a format recognised it, but none of its records is a message
│   ├── UnreadableFile      a path is missing, a folder, or may not be read
│   ├── BadArchive          a file is not a project archive, or is incomplete
│   └── BadSetting          a flag, variable or settings file contains a wrong value
├── NotFound                a project, session, fact, handoff or handle does not exist (exit code 2)
├── Conflict                the request contradicts the stored state: a name is taken, a session already completed
│   └── RequestInProgress   the same request is still being answered
├── TooLarge                the request is too large
├── TooManyRequests         too many requests in too short a time
├── NotAuthenticated        an access token is missing, wrong or expired
├── NotAllowed              the caller may not do this
├── ProviderFailed          a model's provider refused, or did not answer
├── SpendLimit              a request to a model would exceed the spend limit
├── ServerFailed            an Onward server failed, or another kind of server answered
│   └── ServerUnreachable   the server does not respond, or the connection was lost
└── StoreError              the store cannot work at the moment
    ├── StoreUnavailable    the database server does not answer
    ├── StoreBusy           another process held the store for too long
    ├── StoreDamaged        the database file is damaged
    └── StoreTooNew         a newer Onward has written this store
"""

from __future__ import annotations

# Importing `typing` takes too long for code that must start at once.
TYPE_CHECKING = False
if TYPE_CHECKING:
    from datetime import datetime
    from typing import Literal, TypeAlias

    from onward.message import Message

    ProviderReason: TypeAlias = Literal[
        "key refused",
        "payment",
        "rate limit",
        "unknown model",
        "refused",
        "server error",
        "timeout",
        "unreachable",
        "cut off",
        "bad answer",
        "too large",
        "not installed",
        "not logged in",
        "unknown options",
    ]
    """Why a model gave no usable answer. `too large` is a request that is too long, or an endless answer; `cut off` an answer that
    stopped in the middle. The last three are of a program on this machine.
    """
else:
    ProviderReason = str


SCOPE_KEY = "onward.error"
"""Under this key an ASGI scope has the error that its request was refused with."""


class OnwardError(Exception):
    """An expected failure. `code` is stable, `hint` says what to do. Neither contains secrets."""

    code = "error"
    exit_code = 1

    def __init__(self, message: str | Message, hint: str | Message = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint

    def __str__(self) -> str:
        return f"{self.message} {self.hint}".rstrip()

    def full_message(self) -> Message:
        """Return the message and the hint as one message."""
        # Imported here, for a quick start of what raises nothing.
        from onward.message import Message, as_message

        message = as_message(self.message)
        return Message("{message} {hint}", message=message, hint=as_message(self.hint)) if self.hint else message


class BadInput(OnwardError):
    """The caller's input cannot be used."""

    code = "bad_input"
    exit_code = 2


class UnknownFormat(BadInput):
    """No transcript format recognises the content."""

    code = "unknown_format"


class NothingRead(UnknownFormat):
    """A format recognises the content, but no record of it is a message. `has_unknown` says whether some records are of types that the
    format does not know; without any, the session is only empty.
    """

    has_unknown = False


class UnreadableFile(BadInput):
    """A path does not exist, is a folder instead of a file, or may not be read."""

    code = "unreadable_file"


class BadArchive(BadInput):
    """A file is not a project archive, is incomplete, or was changed after the export."""

    code = "bad_archive"


class BadSetting(BadInput):
    """A flag, an `ONWARD_*` variable or a settings file contains a wrong value."""

    code = "bad_setting"


class NotFound(OnwardError):
    """A project, session, fact, handoff or handle does not exist."""

    code = "not_found"
    exit_code = 2


class Conflict(OnwardError):
    """The request contradicts the stored state."""

    code = "conflict"


class EditConflict(Conflict):
    """The edit was made from an older version. `details` has both texts of each field, and the current version."""

    code = "edit_conflict"

    def __init__(self, message: str | Message, hint: str | Message = "", details: list[dict[str, object]] | None = None) -> None:
        super().__init__(message, hint)
        self.details = details or []


class RequestInProgress(Conflict):
    """The same request is still being answered."""

    code = "in_progress"


class TooLarge(OnwardError):
    """The request is too large."""

    code = "too_large"


class TooManyRequests(OnwardError):
    """Too many requests in too short a time."""

    code = "too_many_requests"


class NotAuthenticated(OnwardError):
    """An access token is missing, wrong or expired."""

    code = "not_authenticated"


class NotAllowed(OnwardError):
    """The caller may not do this."""

    code = "not_allowed"


class ProviderFailed(OnwardError):
    """A model's provider refused, or did not answer.

    `is_temporary` says whether the same request may succeed later, `retry_after_seconds` when, if the provider said so. `remedy` is the
    part of the hint that helps beyond waiting: it may be empty. `input_tokens`,
    `output_tokens` and `cost_usd` are the cost of unusable answers; `cost_usd` is None if no price is known. The message contains no text
    of the provider, which may quote the key.
    """

    code = "provider_failed"

    def __init__(
        self,
        reason: ProviderReason,
        message: str | Message,
        hint: str | Message = "",
        *,
        remedy: str | Message = "",
        retry_after_seconds: float | None = None,
        input_tokens: int = 0,
        output_tokens: int = 0,
        cost_usd: float | None = 0.0,
    ) -> None:
        super().__init__(message, hint)
        self.reason = reason
        self.remedy = remedy
        self.retry_after_seconds = retry_after_seconds
        self.input_tokens = input_tokens
        self.output_tokens = output_tokens
        self.cost_usd = cost_usd

    @property
    def is_temporary(self) -> bool:
        """Whether the same request may succeed later."""
        return self.reason in ("rate limit", "server error", "timeout", "unreachable", "cut off")


class SpendLimit(OnwardError):
    """A request to a model would exceed the spend limit. `until` is the time from which it is allowed again; None if waiting does not
    help.
    """

    code = "spend_limit"

    def __init__(self, message: str | Message, hint: str | Message = "", *, until: datetime | None = None) -> None:
        super().__init__(message, hint)
        self.until = until


class ServerFailed(OnwardError):
    """An Onward server failed, or another kind of server answered."""

    code = "server_failed"


class ServerUnreachable(ServerFailed):
    """The server does not respond, or the connection was lost."""

    code = "server_unreachable"


class StoreError(OnwardError):
    """The store cannot work at the moment."""

    code = "store_error"


class StoreUnavailable(StoreError):
    """The database server does not answer, or ended the connection."""

    code = "store_unavailable"


class StoreBusy(StoreError):
    """Another process held the store for longer than the busy timeout."""

    code = "store_busy"


class StoreDamaged(StoreError):
    """The database file is damaged."""

    code = "store_damaged"


class StoreTooNew(StoreError):
    """A newer Onward has written this store."""

    code = "store_too_new"
