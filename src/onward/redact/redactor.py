"""Replaces secrets by labelled placeholders."""

from __future__ import annotations

import json
from dataclasses import replace
from functools import lru_cache
from typing import TYPE_CHECKING

from onward.redact.finder import MIN_LENGTH, find_secrets

if TYPE_CHECKING:
    from onward.core.transcript.transcript import SessionHead, ToolCall, ToolResult, Turn
    from onward.redact.secret import Secret

DISTILL_KEY = b"onward distill: the same input, the same handoff"
"""The key outside projects: the same input gives the same placeholders on every machine. A stored project has a random key of its own."""

MAX_DEPTH = 100
"""Levels of a nested value that are kept as they are."""

_LONGEST_NAME = 64
_CACHED_CHARS = 300
"""Characters. Texts this short (folders, commands) repeat often, so their result is cached."""


class Redactor:
    """Replaces secrets by placeholders that keep their identity under one key.

    `[secret:github-pat:9f3a2c1d]` names the kind and the first 8 hex digits of HMAC-SHA256(key, secret): the same secret has the same
    placeholder throughout a project, and without the key nothing can be learned about it. Redacting twice changes nothing.
    """

    def __init__(self, key: bytes) -> None:
        self._key = key

    def text(self, text: str) -> str:
        """Return *text* without its secrets; the same object if there are none."""
        if len(text) < MIN_LENGTH or (len(text) < _CACHED_CHARS and _is_clean(text)):
            return text
        # The text beside a placeholder is searched again, so that redacting twice changes nothing. Each round leaves less to find.
        while secrets := find_secrets(text):
            text = self._replace_secrets(text, secrets)
        return text

    def _replace_secrets(self, text: str, secrets: list[Secret]) -> str:
        parts: list[str] = []
        end = 0
        for secret in secrets:
            parts.append(text[end : secret.start])
            parts.append(self._placeholder(secret.kind, text[secret.start : secret.end]))
            end = secret.end
        parts.append(text[end:])
        return "".join(parts)

    def head(self, head: SessionHead) -> SessionHead:
        """Return *head* with its agent, title, folder, branch and remote redacted; the same object if nothing was found."""
        texts = (head.agent, head.title, head.cwd, head.branch, head.remote)
        clean = [self.text(text) for text in texts]
        if all(new is old for new, old in zip(clean, texts, strict=True)):
            return head
        agent, title, cwd, branch, remote = clean
        return replace(head, agent=agent, title=title, cwd=cwd, branch=branch, remote=remote)

    def turn(self, turn: Turn) -> Turn:
        """Return *turn* with all its texts redacted; the same object if nothing was found."""
        text = self.text(turn.text) if turn.text else turn.text
        thinking = self.text(turn.thinking) if turn.thinking else turn.thinking
        calls = self._redact_calls(turn.calls) if turn.calls else turn.calls
        results = self._redact_results(turn.results) if turn.results else turn.results
        marks = (turn.id or "", turn.model or "", turn.sidechain or "")
        clean_marks = tuple(map(self.text, marks))
        if text is turn.text and thinking is turn.thinking and calls is turn.calls and results is turn.results and clean_marks == marks:
            return turn
        id, model, sidechain = (mark or None for mark in clean_marks)
        return replace(turn, text=text, thinking=thinking, calls=calls, results=results, id=id, model=model, sidechain=sidechain)

    def value(self, value: object, depth: int = 0) -> object:
        """Return a JSON *value* with all its strings redacted, keys too; the same object if nothing was found. What is nested deeper than
        `MAX_DEPTH` becomes its JSON text: a hostile or damaged value is no reason to lose its neighbours.
        """
        if isinstance(value, str):
            return self.text(value)
        if not isinstance(value, dict | list):
            return value
        if depth >= MAX_DEPTH:
            return self.text(_json_text(value))
        if isinstance(value, dict):
            return self._redact_mapping(value, depth)
        items = [self.value(item, depth + 1) for item in value]
        return value if all(new is old for new, old in zip(items, value, strict=True)) else items

    def _redact_mapping(self, mapping: dict[str, object], depth: int = 0) -> dict[str, object]:
        changed = False
        clean: dict[str, object] = {}
        for key, value in mapping.items():
            # A value is judged together with its name: {"password": "…"} is an assignment that parsing has cut in two.
            new_value = self._redact_named(key, value) if isinstance(value, str) else self.value(value, depth + 1)
            new_key = self.text(key)
            changed = changed or new_key is not key or new_value is not value
            clean[new_key] = new_value
        return clean if changed else mapping

    def _redact_named(self, name: str, value: str) -> str:
        clean = self.text(value)
        if clean is not value or not _names_secret(name):
            return clean
        head = f'{name}: "'
        for secret in find_secrets(f'{head}{value}"'):
            if secret.start == len(head) and secret.end == len(head) + len(value):
                return self._placeholder(secret.kind, value)
        return value

    def _redact_arguments(self, arguments: dict[str, object] | str) -> dict[str, object] | str:
        return self.text(arguments) if isinstance(arguments, str) else self._redact_mapping(arguments)

    def _redact_calls(self, calls: tuple[ToolCall, ...]) -> tuple[ToolCall, ...]:
        clean = [(self.text(call.name), self._redact_arguments(call.arguments)) for call in calls]
        if all(name is call.name and arguments is call.arguments for (name, arguments), call in zip(clean, calls, strict=True)):
            return calls
        return tuple(replace(call, name=name, arguments=arguments) for call, (name, arguments) in zip(calls, clean, strict=True))

    def _redact_results(self, results: tuple[ToolResult, ...]) -> tuple[ToolResult, ...]:
        clean = [self.text(result.text) for result in results]
        if all(new is result.text for new, result in zip(clean, results, strict=True)):
            return results
        return tuple(replace(result, text=new) for result, new in zip(results, clean, strict=True))

    def _placeholder(self, kind: str, secret: str) -> str:
        import hmac  # loads OpenSSL, which a clean text does not need

        digest = hmac.digest(self._key, secret.encode("utf-8", "surrogatepass"), "sha256")
        return f"[secret:{kind}:{digest[:4].hex()}]"


def _json_text(value: object) -> str:
    try:
        return json.dumps(value, ensure_ascii=False)
    except RecursionError:
        return "(nested too deeply)"


@lru_cache(maxsize=2048)
def _is_clean(text: str) -> bool:
    return not find_secrets(text)


@lru_cache(maxsize=512)
def _names_secret(name: str) -> bool:
    """Return whether a value is judged together with *name*."""
    lowered = name.lower()
    return len(name) <= _LONGEST_NAME and any(word in lowered for word in ("key", "oken", "secret", "pass"))
