"""Secrets recognised by their place: an argument of a call that opens a connection, a field of a line, a code."""

from __future__ import annotations

import re
from functools import cache

from onward.redact.prose import find_announced, find_pin
from onward.redact.secret import Secret
from onward.redact.values import has_digit, is_likely_password, is_long_random, is_random, is_stand_in, is_strong_password

_LONGEST_CALL = 240


def find_call_argument(text: str, position: int) -> Secret | None:
    """Return the password among the quoted arguments, behind the first, of the call whose name is at *position*."""
    head = _call_head().match(text, position)
    if not head:
        return None
    end = text.find("\n", head.end(), head.end() + _LONGEST_CALL)
    arguments = _quoted().finditer(text, head.end(), end if end >= 0 else head.end() + _LONGEST_CALL)
    for argument in list(arguments)[0 if head["has_first"] or head["any"] else 1 :]:
        value = argument["value"]
        is_mixed = not value.islower() and not value.isupper()
        if is_strong_password(value) or (is_mixed and (is_long_random(value) or (not head["any"] and is_likely_password(value)))):
            return Secret(*argument.span("value"), "password")
    return None


def find_handed_over(text: str, position: int) -> Secret | None:
    """Return the password that `echo … |` or `<<< …` hands to a command."""
    match = _handed_over().match(text, position)
    return Secret(*match.span("value"), "password") if match and is_strong_password(match["value"]) else None


def find_identified(text: str, position: int) -> Secret | None:
    """Return the password of the chat account that `IDENTIFY` at *position* opens."""
    match = _identify().match(text, position)
    return Secret(*match.span("value"), "password") if match and is_strong_password(match["value"]) else None


def find_windows_flag(text: str, position: int) -> Secret | None:
    """Return the password behind a flag that starts with a slash."""
    match = _windows_flag().match(text, position)
    return Secret(*match.span("value"), "password") if match and is_strong_password(match["value"]) else None


def find_secure_string(text: str, position: int) -> Secret | None:
    """Return the plain text of `ConvertTo-SecureString '…'`."""
    match = _secure_string().match(text, position)
    return None if not match or is_stand_in(match["value"]) else Secret(*match.span("value"), "password")


def find_community(text: str, position: int) -> Secret | None:
    """Return the community string of SNMP."""
    match = _community().match(text, position)
    return Secret(*match.span(1), "password") if match and is_strong_password(match[1]) else None


def find_code(text: str, position: int) -> Secret | None:
    """Return the access or recovery code whose word `code` comes after *position*."""
    match = _code_owner().search(text, max(0, position - 16), position)
    if not match:
        return None
    end = position + len(" code")
    end += text[end : end + 1] in ("s", "S")
    if pin := find_pin(text, end):
        return pin
    code = _code_value().match(text, end)
    is_list = match.group().lower() in ("recovery", "backup")
    if code and has_digit(code["value"]) and is_likely_password(code["value"]) and (is_list or not code["value"].islower()):
        return Secret(*code.span("value"), "password")
    return find_announced(text, position, end, "password")


def find_between_stars(text: str, position: int) -> Secret | None:
    """Return the password in a line of `chap-secrets`, *position* being that of the star for any server."""
    match = _between_stars().match(text, position)
    return Secret(*match.span("value"), "password") if match and is_strong_password(match["value"]) else None


def find_code_value(text: str, position: int) -> Secret | None:
    """Return the random code that is assigned to a name that ends in `code` at *position*, such as those of OAuth."""
    match = _assigned_code().match(text, position)
    return Secret(*match.span("value"), "token") if match and is_long_random(match["value"]) and not match["value"].islower() else None


def find_masked(text: str, position: int) -> Secret | None:
    """Return what a workflow asks to mask in its log."""
    match = _masked().match(text, position)
    return None if not match or is_stand_in(match[1]) else Secret(*match.span(1), "secret")


def find_azure_secret(text: str, position: int) -> Secret | None:
    """Return the client secret of Azure whose `8Q~` starts at *position*."""
    match = _azure_secret().match(text, max(0, position - 3))
    return Secret(*match.span(), "azure-client-secret") if match else None


def find_password_file_field(text: str, position: int) -> Secret | None:
    """Return the password in a line of `.pgpass`, *position* being that of the port."""
    match = _password_file().match(text, position)
    return None if not match or is_stand_in(match[1]) else Secret(*match.span(1), "password")


def find_user_pair(text: str, position: int) -> Secret | None:
    """Return the password in `user: ayu:…`, `--user ayu:…` and `net user ayu …`."""
    match = _user_pair().match(text, position)
    if not match:
        return None
    value = match["value"]
    if is_strong_password(value) or is_long_random(value) or (match["flag"] and is_likely_password(value)):
        return Secret(*match.span("value"), "password")
    return None


def find_set_value(text: str, position: int) -> Secret | None:
    """Return the credentials at the end of `… config set HOST user:…` and `… config http-basic.HOST user …`."""
    match = _set_value().match(text, position)
    if match and (is_strong_password(match["value"]) or is_long_random(match["value"])):
        return Secret(*match.span("value"), "token")
    return None


def find_cookie_argument(text: str, position: int) -> Secret | None:
    """Return the value of the cookie that `-b` of curl sends."""
    match = _cookie_argument().match(text, position)
    if match and "curl" in text[max(0, position - 200) : position] and is_random(match["value"]):
        return Secret(*match.span("value"), "cookie")
    return None


@cache
def _call_head() -> re.Pattern[str]:
    """The name of a call that takes a user and a password, with its bracket and what follows up to the first quoted argument."""
    return re.compile(
        r"(?i)(?:connection|connect|pdo|mysqli|credentials?|auth|authenticate|login(?:_\w{1,8})?|signin|ftp|user|password|"
        r"(?P<any>hash|hashpw|sign|jwt\.encode|hmac|hmac\.new|fernet|parser|stripe|key|verify|decrypt|encrypt))"
        r"\((?P<has_first>\s{0,4}[\w.${}]{1,30}(?=,))?[^\"'\n]{0,60}?(?=[bru]?\\?[\"'`])"
    )


@cache
def _quoted() -> re.Pattern[str]:
    return re.compile(r"(?P<quote>\\?[\"'`])(?P<value>(?:(?!(?P=quote))[^\s\\(),|={}:;\[\]]){1,200}={0,2})(?P=quote)")


@cache
def _handed_over() -> re.Pattern[str]:
    return re.compile(
        r"(?:(?P<fed><<<)|(?:echo|printf)(?:\s+-n|\s+[\"']%s(?:\\n)?[\"'])?)\s+\\*[\"']?(?:[\w.@-]{1,40}:)?(?P<value>[^\s\"'|\\]{6,64})\\*[\"']?"
        r"(?(fed)(?=[\s\"'\\]|$)|(?=\s*\|[^\n]{0,80}(?:pass|stdin|login|auth|secret|token|sudo|\bsu\b|crypt|kinit|gpg|vpn|env add|runas|luks|ssh|smb|7z|mount|sql)))"
    )


@cache
def _identify() -> re.Pattern[str]:
    return re.compile(r"(?i)identify (?:[\w-]{1,30} )?(?P<value>[^\s\"'\\]{6,64})(?=[\s\"'\\]|$)")


@cache
def _windows_flag() -> re.Pattern[str]:
    return re.compile(r"(?i)/(?:p|pass|password|rp)[: ][\"']?(?P<value>[^\s\"']{6,64})")


@cache
def _secure_string() -> re.Pattern[str]:
    return re.compile(r"(?i)securestring\s{1,4}(?:-string\s{1,4}|--value[ =])?[\"'](?P<value>[^\s\"']{6,200})[\"']")


@cache
def _community() -> re.Pattern[str]:
    return re.compile(r"(?i)community(?:\s{1,2}string)?\s{0,2}[:= ]\s{0,2}[\"']?([^\s\"']{6,64})")


@cache
def _between_stars() -> re.Pattern[str]:
    return re.compile(r"(?<=[\w\"'])\s\*\s{1,4}[\"']?(?P<value>[^\s\"']{6,64})[\"']?\s{1,4}(?:\*|\d{1,3}\.)")


@cache
def _code_owner() -> re.Pattern[str]:
    return re.compile(
        r"(?i)\b(?:access|security|secret|entry|backup|recovery|activation|unlock|pairing|invite|door|alarm|verification|one-time|otp|2fa|mfa|sms|login|gate|safe)$"
    )


@cache
def _code_value() -> re.Pattern[str]:
    return re.compile(r"(?:\s(?:is|was|=|:)\s|\s?[:=]\s{0,2})[\"'`]?(?P<value>[A-Za-z0-9-]{6,40})(?=[\s\"'`.,;)]|$)")


@cache
def _masked() -> re.Pattern[str]:
    return re.compile(r"add-mask::([^\s\"'`\\$]{6,400})")


@cache
def _assigned_code() -> re.Pattern[str]:
    return re.compile(
        r"(?i:code)(?:[_-]?(?:verifier|challenge))?(?:\\*[\"'`])?\s{0,2}[:=]\s{0,2}(?:\\*[\"'`])?(?P<value>[\w.~+-]{24,400}={0,2})(?=[\s\"'`&,;}\\]|$)"
    )


@cache
def _azure_secret() -> re.Pattern[str]:
    return re.compile(r"(?<![A-Za-z0-9.~])[\w.~]{3}\dQ~[\w.~-]{31,34}(?![\w~-])")


@cache
def _password_file() -> re.Pattern[str]:
    return re.compile(r"(?<=:)(?:\d{4,5}|\*):[^:\s/@]{1,40}:[^:\s/@]{1,40}:([^:\s]{6,100})(?=\s|$)")


@cache
def _user_pair() -> re.Pattern[str]:
    return re.compile(
        r"(?i)user(?:name)?s?(?:\\*[\"'])?(?:\s{0,2}[:=]\s{0,2}(?:\\*[\"'])?[\w.@-]{1,40}[: ]|[ ][\w.@-]{1,40}[ ]|(?P<flag>(?<=-user)[ =]"
        r"\\*[\"']?[\w.@-]{1,40}:))"
        r"(?P<value>[^\s\"'\\]{6,64})"
    )


@cache
def _set_value() -> re.Pattern[str]:
    return re.compile(
        r"config (?:set |--global |(?:host )?add (?:[\w-]{1,20} (?=http))?)*[\w./:-]{4,80} (?:[\w.@-]{1,40}[: ])?(?P<value>[\w+/.=!#%@-]{8,400})"
    )


@cache
def _cookie_argument() -> re.Pattern[str]:
    return re.compile(r"\s-b\s+[\"']?[\w.-]{1,40}=(?P<value>[^\s;\"']{16,400})")
