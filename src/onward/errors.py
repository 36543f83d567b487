"""Every error that Onward raises on purpose.

OnwardError                 code, message, hint: what happened and what to do
├── BadInput                the caller's input cannot be used (exit code 2)
│   ├── UnknownFormat       no transcript format recognises the content
│   ├── UnreadableFile      a path is missing, a folder, or may not be read
│   ├── BadArchive          a file is no archive of a project, or not whole
│   └── BadSetting          a flag, variable or settings file holds a wrong value
├── NotFound                a project, session, fact, handoff or handle that is not there (exit code 2)
├── Conflict                the request contradicts what is stored: a name taken, a session already completed
├── TooLarge                more than one request may hold
├── TooMany                 too many requests in too short a time
├── NotAuthenticated        nobody vouches for the caller: an access token is missing, wrong or expired
├── NotAllowed              the caller is known, but may not do this
├── ProviderFailed          a model's provider refused, or did not answer
└── StoreError              the store cannot do its work now
    ├── StoreBusy           another process held the store for too long
    ├── StoreDamaged        the database file is not whole
    └── StoreTooNew         a newer Onward has written this store
"""

from __future__ import annotations


class OnwardError(Exception):
    """An expected failure. `code` is stable, `hint` says what to do; neither holds a secret."""

    code = "error"
    exit_code = 1

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint

    def __str__(self) -> str:
        return f"{self.message} {self.hint}".rstrip()


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


class TooLarge(OnwardError):
    """The request holds more than one request may."""

    code = "too_large"


class TooMany(OnwardError):
    """Too many requests came in too short a time."""

    code = "too_many_requests"


class NotAuthenticated(OnwardError):
    """An access token is missing, wrong or expired."""

    code = "not_authenticated"


class NotAllowed(OnwardError):
    """The caller may not do this."""

    code = "not_allowed"


class ProviderFailed(OnwardError):
    """A model's provider refused, or did not answer."""

    code = "provider_failed"


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
