"""What the nouns of the local backend share: the open store, the settings, and use cases as methods."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from typing import TYPE_CHECKING, Any, Concatenate, ParamSpec, TypeVar

from onward.settings import Settings

if TYPE_CHECKING:
    from onward.core.accounts.rank import RotationWindow
    from onward.store import Store

P = ParamSpec("P")
R = TypeVar("R")


def rotation_window(settings: Settings) -> RotationWindow:
    """Return the rotation window of the settings."""
    # Only accounts need it.
    from onward.core.accounts.rank import RotationWindow

    return RotationWindow(settings.rotate_from, settings.rotate_at)


class UseCases:
    """The functions of a module of use cases. The module is imported when one of them is called: a command calls one or two."""

    def __init__(self, module: str) -> None:
        self._module = module

    def __getattr__(self, name: str) -> Callable[..., Any]:
        """Return the function *name*, which imports its module when it is called."""

        def call(*arguments: Any, **keywords: Any) -> Any:
            return getattr(import_module(self._module), name)(*arguments, **keywords)

        return call


class LocalResource:
    """The use cases of one noun, on an open store."""

    def __init__(self, store: Store, settings: Settings) -> None:
        self._store = store
        self._settings = settings


def bind_store(use_case: Callable[Concatenate[Store, P], R]) -> Callable[Concatenate[LocalResource, P], R]:
    """Return *use_case* as a method that passes the store as its first argument."""

    def method(resource: LocalResource, /, *arguments: P.args, **keywords: P.kwargs) -> R:
        return use_case(resource._store, *arguments, **keywords)  # noqa: SLF001 - this is a method of the resource

    return method
