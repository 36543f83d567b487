"""Secrets given away by the name before them: assignments and calls in any language, markup, headers, and private key blocks.

Every judge gets the position of its needle in the text, and returns the secret there, or None.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cached_property

from onward.redact import commands, hashes, patterns, prose
from onward.redact.blocks import KeyBlocks
from onward.redact.character_runs import Stretch
from onward.redact.columns import find_in_column
from onward.redact.neighbourhood import Neighbourhood
from onward.redact.secret import Secret
from onward.redact.values import (
    has_digit,
    is_dotted_name,
    is_key,
    is_likely_password,
    is_password,
    is_random,
    is_stand_in,
    is_strong_password,
)

_KEY_OWNERS = (
    "api private access secret auth signing encryption master storage account service shared jwt session webhook deploy client "
    "license app admin subscription hmac cookie sending server write ingest ingestion integration preshared fernet openai cognitive "
    "rsa ssh aes unseal pragma recovery root bot service personal validation decryption session machine data enc crypto sec live prod "
    "user project team device mobile server merchant payment partner consumer functions function sas web rest"
).split()
"""A key of one of these is secret: `api_key` is, `primary_key` and `public_key` are not."""
_KEY_OWNER_ENDS = tuple(_KEY_OWNERS)

_HARMLESS_TOKENS = ("page", "cursor", "publickey", "continuation", "sync", "eos", "bos", "pad", "stop", "cancellation", "cancel", "next")
"""A token of one of these is not secret: it continues a listing, or ends a prompt."""

_HARMLESS_OWNERS = (
    *_HARMLESS_TOKENS,
    *"public primary foreign sort partition cache query row host publishable i18n idempotency dedupe storage object map group".split(),
    *"composite unique natural candidate lookup hot short arrow node site ssh join sub mon tur don mac whis jock hoc hock".split(),
)
"""A key or token of one of these gives no value near it away."""
_LONGER_WORD = re.compile(r"(?i)(?:words?|wor[td]|code|phrase|wd|e|en|entic\w+|oriz\w+|s|rod|nya)(?![a-z])")

_HARMLESS_RESTS = frozenset(
    "s name names id ids file path dir url uri type types field fields count counts limit length size len header headers param "
    "prefix suffix regex pattern izer ize ized ization input label hint env var vars ref arn policy expiry expires expired "
    "ttl version format usage budget used total cost text error page strength reset timeout days hours minutes seconds ms "
    "age max min enabled required rotation hash_algorithm algorithm manager provider store service response request "
    "endpoint bucket list method kind kinds index resets smanager".split()
)
"""Words that make a telling name before them harmless: `token_count`, `secretName`, `password_field`."""

_STRONG_KEY_NAME = re.compile(
    r"(?:api|access|auth|secret|bearer|account|signing|encryption)[_-]?key$|token$|secret$|password$", re.IGNORECASE
)
"""Names whose value is a secret even where it is a UUID."""
_TRACE_NAME = re.compile(
    r"(?:request|trace|span|correlation|transaction|event|message|idempotency|client|job|page|csrf)[_-]?token$", re.IGNORECASE
)
_UUID = re.compile(r"[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}$", re.IGNORECASE)

_NAME_CHARACTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_.-"
_LONGEST_NAME = 60
_LONGEST_VALUE = 4096
_LONGEST_REST = 64
"""The distance from the end of a telling word to the start of its value, at most."""


class NameJudge:
    """Judges the telling names of one text."""

    def __init__(self, text: str) -> None:
        self.text = text
        self._judged_range = range(0)

    @cached_property
    def _bare_values(self) -> Stretch:
        return Stretch(self.text, patterns.bare_value())

    @cached_property
    def _env_values(self) -> Stretch:
        return Stretch(self.text, patterns.env_value())

    @cached_property
    def _key_blocks(self) -> KeyBlocks:
        return KeyBlocks(self.text)

    @cached_property
    def _neighbourhood(self) -> Neighbourhood:
        return Neighbourhood(self.text)

    def judge_neighbour(self, position: int, end: int = 0) -> Secret | None:
        """Judge the values around a telling word, whatever the syntax between."""
        text = self.text
        end = end or position + 3
        if (
            text[position:end].lower() in ("key", "pass", "auth", "pw", "login")
            and text[end : end + 1].islower()
            and not _LONGER_WORD.match(text, end)
        ):
            return None
        if _name_stem(text, position).endswith(_HARMLESS_OWNERS):
            return None
        return self._neighbourhood.find(position, end)

    def judge_column(self, position: int, end: int) -> Iterator[Secret]:
        """Judge the cells below a telling header."""
        if self.text[position - 1 : position] not in _BEFORE_HEADER and self.text[end : end + 1] not in _BEHIND_HEADER:
            return
        yield from find_in_column(self.text, position, end)

    def judge_key(self, position: int) -> Secret | None:
        """Judge a name that ends in `key`."""
        text, end = self.text, position + 3
        if text[end : end + 1].islower():
            return None
        if text.startswith(("-----", " BLOCK-----", " ----"), end):
            return self._key_blocks.find(position)
        if text.startswith("-File-", end):
            return self._key_blocks.find_putty(position)
        if text[position - 1 : position] in ("&", "?") and text.startswith("=", end):
            return self._assigned_secret("query_key", end)
        is_secret = (
            _name_stem(text, position).endswith(_KEY_OWNER_ENDS)
            or text.startswith("--", max(0, position - 2))
            or patterns.secret_key_before().search(text, max(0, position - 40), position) is not None
        )
        if not is_secret:
            return None
        grouped = patterns.grouped_key().match(text, end)
        # Words of four letters have no digits.
        if grouped and sum(map(str.isdigit, grouped["value"])) >= 2:
            return Secret(*grouped.span("value"), "token")
        return self._named_secret(position, end)

    def judge_token(self, position: int) -> Secret | None:
        """Judge a name that contains `token`."""
        if _name_stem(self.text, position).endswith(_HARMLESS_TOKENS):
            return None
        return self._named_secret(position, position + 5)

    def judge_secret(self, position: int) -> Secret | None:
        """Judge a name that contains `secret`."""
        return self._named_secret(position, position + 6)

    def judge_word(self, position: int) -> Secret | None:
        """Judge a name that contains another word for a secret."""
        match = patterns.secret_word().match(self.text, position)
        return self._named_secret(position, match.end()) if match else None

    def judge_password(self, position: int) -> Secret | None:
        """Judge a name that contains `pass`, `password` or similar."""
        text = self.text
        if text[position + 4 : position + 5] not in _PASS_FOLLOWERS:
            return None
        match = patterns.password_name().match(text, position)
        if not match:
            return None
        if match.end() == position + 4:
            # Tests pass, too: the short form is a name only at the end of one, or with a quoted value.
            if text[position - 1 : position].isalpha():
                return self._joined_pass(match.end())
            if text[position - 1 : position] not in ("_", "-", "$"):
                return commands.find_pass_argument(text, position) or self._plain_pass(match.end())
        if self.text[position + 4 : position + 8].lower() == "code" and (pin := prose.find_pin(self.text, match.end())):
            return pin
        return self._named_secret(position, match.end())

    def judge_misspelt(self, position: int) -> Secret | None:
        """Judge a misspelt word for a password."""
        match = patterns.misspelt().match(self.text, position)
        return self._named_secret(position, match.end()) if match else None

    def judge_short_password(self, position: int) -> Secret | None:
        """Judge a name that contains `pwd`, `psk`, `pw` or `cred`."""
        match = patterns.short_password_name().match(self.text, position)
        if not match or (match[1] and self.text[position - 1 : position].isalpha() and match[1][0].islower()):
            return None
        if self.text[position : position + 4].lower() == "cred" and (login := prose.find_login(self.text, match.end())):
            return login
        return self._named_secret(position, match.end())

    def judge_pw(self, position: int) -> Secret | None:
        """Judge the name `pw` as a word or the last part of a name."""
        text = self.text
        match = patterns.pw_value().match(text, position)
        if not match or not patterns.pw_before().search(text, max(0, position - 24), position):
            return None
        return self._named_secret(position, position + 2)

    def judge_identified(self, position: int) -> Secret | None:
        """Judge `IDENTIFIED BY` in SQL; in small letters it may be prose."""
        match = patterns.identified().match(self.text, position)
        if not match or is_stand_in(match["value"]) or not (self.text[position].isupper() or is_likely_password(match["value"])):
            return None
        return Secret(*match.span("value"), "password")

    def judge_login(self, position: int) -> Secret | None:
        """Judge `login admin / …` and `login('ayu', '…')`."""
        match = patterns.login_call().match(self.text, position)
        if match and (is_strong_password(match["value"]) or is_likely_password(match["value"])):
            return Secret(*match.span("value"), "password")
        match = patterns.login_value().match(self.text, position)
        if match and is_random(match["value"]) and has_digit(match["value"]) and not is_stand_in(match["value"]):
            return Secret(*match.span("value"), "token")
        return prose.find_login(self.text, position + 5)

    def judge_phrase(self, position: int) -> Secret | None:
        """Judge a passphrase or seed phrase of several words."""
        return prose.find_phrase(self.text, position + 6)

    def judge_pin(self, position: int) -> Secret | None:
        """Judge the word PIN."""
        match = None if self.text[position - 1 : position].isalpha() else patterns.pin_word().match(self.text, position)
        return prose.find_pin(self.text, match.end()) if match else None

    def judge_hash(self, position: int) -> Secret | None:
        """Judge a stored hash of a password, as in `$2b$12$…`."""
        is_braced = self.text[position] == "{"
        return hashes.find_braced_hash(self.text, position) if is_braced else hashes.find_hash(self.text, position + 1)

    def judge_foreign(self, position: int) -> Secret | None:
        """Judge a word for a password in a language written in ASCII."""
        match = patterns.foreign_word().match(self.text, position)
        if not match or self.text[position - 1 : position].isalnum() or self.text[match.end() : match.end() + 1].isalnum():
            return None
        return prose.find_login(self.text, match.end()) or prose.find_announced(self.text, position, match.end(), "password")

    def _joined_pass(self, end: int) -> Secret | None:
        """Return the value of a name like `requirepass`, `-storepass` or `SSHPASS`."""
        match = patterns.joined_pass_value().match(self.text, end)
        is_camel = self.text[end - 4] == "P" and self.text[end - 5].islower()
        if not is_camel and not patterns.joined_pass_name().search(self.text, max(0, end - 24), end):
            return None
        if not match or is_stand_in(match["value"]):
            return None
        is_quoted_password = bool(match["quote"]) and is_password(match["value"], in_env=False, is_quoted=True)
        if not (is_quoted_password or is_strong_password(match["value"]) or is_random(match["value"])):
            return None
        return Secret(*match.span("value"), "password")

    def _plain_pass(self, end: int) -> Secret | None:
        """Return the value assigned to the plain name `pass`."""
        match = patterns.assignment().match(self.text, end)
        if not match or match["rest"] or match["operator"] == " ":
            return (
                prose.find_announced(self.text, end - 4, end, "password")
                if self.text.startswith((" is ", " -> ", " nya ", " was "), end)
                else None
            )
        if match["quoted"] is not None:
            return Secret(*match.span("quoted"), "password") if is_password(match["quoted"], in_env=False) else None
        value = self.text[match.end() : self._bare_values.end(match.end())]
        is_secret = is_strong_password(value) or (
            "=" in match["operator"] and len(value) >= 12 and is_random(value) and not is_stand_in(value)
        )
        return Secret(match.end(), match.end() + len(value), "password") if is_secret else None

    def _named_secret(self, position: int, end: int) -> Secret | None:
        """Return the value that the name whose telling part is *text[position:end]* announces."""
        text = self.text
        if position in self._judged_range:
            return None
        before = text[max(0, position - _LONGEST_NAME) : position]
        name = before[len(before.rstrip(_NAME_CHARACTERS)) :] + text[position:end]
        next_char = text[end : end + 1]
        if next_char in _CONTINUATIONS or (next_char in " \t" and text[end + 1 : end + 2] in _OPERATORS) or _is_flag(name):
            secret = self._assigned_secret(name, end)
            if secret:
                return secret
        rest = patterns.rest().match(text, end)
        if rest and _is_harmless(rest.group()):
            return None
        tail = rest.end() if rest else end
        for pattern in patterns.other_forms(text[tail : tail + 1]):
            match = pattern.match(text, tail)
            if match and (not is_stand_in(match["value"]) or _UUID.match(match["value"])) and self._is_announced(name, match["value"]):
                return Secret(*match.span("value"), _secret_kind(name))
        if next_char in _SENTENCE_MARKS or not next_char.isascii() or text.startswith(("-nya", "-stdin"), end):
            if next_char in "\"'`" and text[end + 1 : end + 2] not in _SENTENCE_MARKS and not text.startswith("'s ", end):
                return None
            return self._find_in_sentence(name, position, end)
        return None

    def _find_in_sentence(self, name: str, position: int, end: int) -> Secret | None:
        """Return the value of a name in a command line or a sentence, without an operator."""
        text = self.text
        if _is_password_name(name) or name.lower().endswith("creds"):
            secret = commands.find_near_name(text, position, end, name) or prose.find_groups(text, end)
        elif patterns.long_token().search(text, end, end + 110):
            secret = commands.find_key_argument(text, end)
        else:
            return None
        return secret or prose.find_announced(text, position, end, name)

    def _is_announced(self, name: str, value: str) -> bool:
        if _is_password_name(name):
            return (
                is_strong_password(value)
                or is_likely_password(value)
                or (is_password(value, in_env=False, is_quoted=True) and not value.islower())
            )
        return (len(value) >= 10 and is_random(value)) or is_key(value, is_quoted=True, in_env=False) or _is_named_uuid(name, value)

    def _assigned_secret(self, name: str, end: int) -> Secret | None:
        """Return the value assigned to *name*, whose telling part ends at *end*."""
        text = self.text
        match = patterns.assignment().match(text, end)
        if not match:
            return None
        rest, operator = match["rest"], match["operator"]
        if _is_harmless(rest) or (operator == " " and not _is_flag(name)):
            return None
        is_quoted = match["quoted"] is not None
        start, stop = (
            match.span("quoted") if is_quoted else (match.end(), min(self._bare_values.end(match.end()), match.end() + _LONGEST_VALUE))
        )
        full_name = name + rest
        in_env = full_name.isupper() and operator == "="
        if not is_quoted:
            stop = self._bare_end(start, stop, in_env=in_env, operator=operator)
            if stop == start:
                return None
        value = text[start:stop]
        if not is_quoted:
            value = value.rstrip(".,)]}*")
            if is_dotted_name(value) and not in_env:
                return None
        if _is_password_name(full_name):
            is_secret = is_password(value, in_env=in_env, is_quoted=is_quoted) or _is_named_uuid(full_name, value)
        else:
            is_secret = (
                is_key(value, is_quoted=is_quoted, in_env=in_env)
                or (len(value) >= 10 and is_strong_password(value))
                or _is_named_uuid(full_name, value)
            )
        if not is_secret:
            return None
        if not is_quoted and self._env_values.end(start) == self._bare_values.end(start):
            # A name inside this value ends where the value does.
            self._judged_range = range(start, stop - _LONGEST_REST)
        return Secret(start, start + len(value), _secret_kind(full_name))

    def _bare_end(self, start: int, stop: int, *, in_env: bool, operator: str) -> int:
        """Return the end of the bare value at *start*, or *start* if it is a call or the like."""
        text = self.text
        if in_env:
            return self._env_values.end(start)
        # What fills the rest of a line behind the first name on it is the value, whatever marks it contains.
        if text[stop : stop + 1] not in _LINE_ENDS and (rest := patterns.rest_of_line().match(text, start)):
            line_start = text.rfind("\n", max(0, start - _LONGEST_NAME), start) + 1
            is_first = patterns.first_name().fullmatch(text, line_start, start) is not None
            if is_first and not rest["value"].endswith((";", ",")) and is_strong_password(rest["value"]):
                return rest.end("value")
        # In a list with semicolons, as a connection string is, nothing but a semicolon ends the value.
        if operator == "=" and ";" in text[max(0, start - 200) : start] and (match := patterns.connection_value().match(text, start)):
            return match.end()
        return start if text[stop : stop + 1] in ("(", "[", "<") else stop


_BEFORE_HEADER = frozenset("|\t,; ")
_BEHIND_HEADER = frozenset("|\t,; \n")
_LINE_ENDS = ("", "\n", "\r", " ")
_PASS_FOLLOWERS = frozenset("wWpPcCeEoO=:\"'`\\ ")


def _is_flag(name: str) -> bool:
    """Return whether *name* is a flag of a command."""
    return name.startswith("-") and name.lstrip("-")[:1].isalpha()


def _is_named_uuid(name: str, value: str) -> bool:
    """Return whether *value* is a UUID that *name* makes a secret."""
    return _UUID.match(value) is not None and _STRONG_KEY_NAME.search(name) is not None and not _TRACE_NAME.search(name)


def _is_password_name(name: str) -> bool:
    lowered = name.lower()
    return "pass" in lowered or "pwd" in lowered or "psk" in lowered or lowered.endswith("pw")


def _name_stem(text: str, start: int) -> str:
    """Return the end of the name before *start*, in lower case, without the separators at its end."""
    return text[max(0, start - 14) : start].lower().rstrip("_-. ")


_SENTENCE_MARKS = frozenset(" \t:\"'`")
_OPERATORS = frozenset("=: \t|?")
_CONTINUATIONS = frozenset("=:\"'`*\\]_ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789")


def _is_harmless(rest: str) -> bool:
    lowered = rest.lower().strip("_")
    return lowered in _HARMLESS_RESTS or lowered.rpartition("_")[2] in _HARMLESS_RESTS


def _secret_kind(name: str) -> str:
    """Return the kind of secret that a *name* announces, for the placeholder."""
    lowered = name.lower()
    if _is_password_name(lowered):
        return "password"
    if "aws" in lowered and "secret" in lowered:
        return "aws-secret-key"
    if lowered.endswith("key"):
        return "private-key" if "private" in lowered else "api-key"
    return "token" if "oken" in lowered else "secret"
