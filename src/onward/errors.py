"""Every error that Onward raises on purpose.

OnwardError                 code, message, hint: what happened and what to do
├── BadInput                the caller's input cannot be used (exit code 2)
│   ├── UnknownFormat       no transcript format recognises the content
│   ├── UnreadableFile      a path is missing, a folder, or may not be read
│   ├── BadArchive          a file is no archive of a project, or not whole
│   └── BadSetting          a flag, variable or settings file holds a wrong value
├── NotFound                a project, session, fact, handoff or handle that is not there (exit code 2)
├── Conflict                the request contradicts what is stored: a name taken, a session already completed
│   └── RequestInProgress   the same request is still being answered
├── TooLarge                more than one request may hold
├── TooMany                 too many requests in too short a time
├── NotAuthenticated        nobody vouches for the caller: an access token is missing, wrong or expired
├── NotAllowed              the caller is known, but may not do this
├── ProviderFailed          a model's provider refused, or did not answer
├── SpendLimit              asking a model would cost more than it may
├── ServerFailed            an Onward server did not do what it was asked, or what answered is none
│   └── ServerUnreachable   nobody answers there, or the connection broke
└── StoreError              the store cannot do its work now
    ├── StoreBusy           another process held the store for too long
    ├── StoreDamaged        the database file is not whole
    └── StoreTooNew         a newer Onward has written this store
"""

from __future__ import annotations

# `typing` has this too, but takes longer to import than whatever must start at once may take.
TYPE_CHECKING = False
if TYPE_CHECKING:
    from datetime import datetime
    from typing import Literal, TypeAlias

    from onward.message import Message

    ProviderReason: TypeAlias = Literal[
        "key refused", "payment", "rate limit", "unknown model", "refused", "server error", "timeout", "unreachable", "cut off", "bad answer", "too large"
    ]  # fmt: skip
    """Why a model gave no answer that can be used. `too large` is what was asked, or an answer without end; `cut off` an answer that stopped in the middle."""
else:
    ProviderReason = str


SCOPE_KEY = "onward.error"
"""Under this key an ASGI scope has the error that its request was refused with."""


class OnwardError(Exception):
    """An expected failure. `code` is stable, `hint` says what to do; neither holds a secret."""

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
        # Imported here: what must start at once raises nothing.
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


class UnreadableFile(BadInput):
    """A path is missing, is a folder where a file is needed, or may not be read."""

    code = "unreadable_file"


class BadArchive(BadInput):
    """A file is no archive of a project, is not whole, or was changed since it was written."""

    code = "bad_archive"


class BadSetting(BadInput):
    """A flag, an `ONWARD_*` variable or a settings file holds a wrong value."""

    code = "bad_setting"


class NotFound(OnwardError):
    """A project, session, fact, handoff or handle is not there."""

    code = "not_found"
    exit_code = 2


class Conflict(OnwardError):
    """The request contradicts what is stored."""

    code = "conflict"


class RequestInProgress(Conflict):
    """The same request is still being answered."""

    code = "in_progress"


class TooLarge(OnwardError):
    """The request holds more than one request may."""

    code = "too_large"


class TooManyRequests(OnwardError):
    """Too many requests came in too short a time."""

    code = "too_many_requests"


class NotAuthenticated(OnwardError):
    """An access token is missing, wrong or expired."""

    code = "not_authenticated"


class NotAllowed(OnwardError):
    """The caller may not do this."""

    code = "not_allowed"


class ProviderFailed(OnwardError):
    """A model's provider refused, or did not answer.

    `may_pass` says whether the same request may do better later, `retry_after_seconds` when, where the provider said so. What was paid for answers that
    nobody can use is in `input_tokens`, `output_tokens` and `cost_usd` (None where no price is known). No word of what the provider said is in the message.
    """

    code = "provider_failed"

    def __init__(
        self,
        reason: ProviderReason,
        message: str | Message,
        hint: str | Message = "",
        *,
        retry_after_seconds: float | None = None,
        input_tokens: int = 0,
        output_tokens: int = 0,
        cost_usd: float | None = 0.0,
    ) -> None:
        super().__init__(message, hint)
        self.reason = reason
        self.retry_after_seconds = retry_after_seconds
        self.input_tokens = input_tokens
        self.output_tokens = output_tokens
        self.cost_usd = cost_usd

    @property
    def is_temporary(self) -> bool:
        """Whether the same request may be answered later."""
        return self.reason in ("rate limit", "server error", "timeout", "unreachable", "cut off")


class SpendLimit(OnwardError):
    """Asking a model would cost more than it may. `until` is when it may be asked again; None where waiting changes nothing."""

    code = "spend_limit"

    def __init__(self, message: str | Message, hint: str | Message = "", *, until: datetime | None = None) -> None:
        super().__init__(message, hint)
        self.until = until


class ServerFailed(OnwardError):
    """An Onward server did not do what it was asked, or what answered is no Onward server."""

    code = "server_failed"


class ServerUnreachable(ServerFailed):
    """Nobody answers at the server's address, or the connection broke."""

    code = "server_unreachable"


class StoreError(OnwardError):
    """The store cannot do its work now."""

    code = "store_error"


class StoreBusy(StoreError):
    """Another process held the store for longer than the busy timeout."""

    code = "store_busy"


class StoreDamaged(StoreError):
    """The database file is not whole."""

    code = "store_damaged"


class StoreTooNew(StoreError):
    """A newer Onward has written this store."""

    code = "store_too_new"
