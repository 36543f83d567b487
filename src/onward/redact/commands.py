"""Passwords on command lines: behind a flag of a command that takes one, and beside the commands that read one."""

from __future__ import annotations

import re
from functools import cache

from onward.redact.secret import Secret
from onward.redact.values import is_distinct_password, is_likely_password, is_random, is_stand_in, is_strong_password

_LONGEST_LINE = 300
_VALUE = r"(?P<quote>\\*[\"']|)(?P<value>(?:(?!\\*[\"'])[^\s\\]){4,200})(?P=quote)"
_PAIR = r"\\*[\"']?[^\s:,%\"']{1,80}[:,%](?P<value>(?:(?!\\*[\"'])[^\s\\]){4,200})"
_ATTACHED = r"mysql[\w-]*|mariadb[\w-]*|mycli|7z[ar]?|rar|unrar"
"""Commands whose `-p` takes its password without a space."""
_FLAGS: dict[str, tuple[str, str]] = {
    # flag: the commands for which it takes a password, and the form of its argument.
    "-u": (r"curl|https?|xh|aria2c|lftp|ncftp|influx", rf"[ =]?{_PAIR}|[ ](?P<key>[\w-]{{20,200}}):?(?=[\s\"'\\]|$)"),
    "-U": (r"curl|smbclient|rpcclient|smbget", rf"[ ]?{_PAIR}"),
    "-a": (r"redis-cli|https?|xh", rf"[ ](?:{_PAIR}|\\*[\"']?(?P<key>(?:(?!\\*[\"'])[^\s\\]){{4,200}}))"),
    "-p": (
        _ATTACHED
        + r"|sshpass|docker login|podman login|helm registry login|mongo\w*|az login|cf login|oc login|mqtt|mosquitto_\w+|ldap\w*",
        r"(?P<space>[ ]?)" + _VALUE,
    ),
    "-P": (r"zip|unzip|sqlcmd|bcp|osql|tsql|isql|mosquitto_\w+", r"[ ]?" + _VALUE),
    "-w": (r"ldap\w+", r"[ ]?" + _VALUE),
    "-A": (r"snmp\w+", r"[ ]" + _VALUE),
    "-X": (r"snmp\w+", r"[ ]" + _VALUE),
    "-pw": (r"plink|pscp|psftp|putty|kitty", r"[ ]" + _VALUE),
    "-S": (r"sudo", r""),
}
_FLAG_NAMES = frozenset(f"-{letter}" for letter in "uUaPpAXwWNckSt")
_ANY_ARGUMENT = r"[ ]?" + _VALUE


def find_flag_argument(text: str, position: int) -> Secret | None:
    """Return the password behind the flag whose space is at *position*.

    A command that is known to take one gives any value away; of another, only a value that cannot be anything else.
    """
    flag = text[position + 1 : position + 3]
    if flag not in _FLAG_NAMES or not (anything := _any_argument().match(text, position + 3)) or anything[1].isdigit():
        return None
    if flag == "-p" and text[position + 3 : position + 4] == "w":
        flag = "-pw"
    if flag == "-S":
        return find_piped(text, position)
    line = _command_line(text, position)
    names, argument = _FLAGS.get(flag, ("", _ANY_ARGUMENT))
    is_known = bool(names) and _command(names).search(line) is not None
    match = _argument(argument if is_known else _ANY_ARGUMENT).match(text, position + 1 + len(flag))
    if not match:
        return None
    group = "value" if match["value"] is not None else "key"
    value = match[group].rstrip("\"'")
    if is_stand_in(value) or value.isdigit():
        return None
    if is_known:
        is_accepted = _is_known_password(flag, line, match["space"], value)
    else:
        is_accepted = (
            _is_argument_password(value)
            or (flag in _TOKEN_FLAGS and _login_command().search(line) and is_random(value) and len(value) >= 20)
            or (flag in _PASSWORD_FLAGS and _names_user(line) and _is_mixed_password(value))
        )
    start = match.start(group)
    return Secret(start, start + len(value), "password") if is_accepted else None


def _is_known_password(flag: str, line: str, space: str, value: str) -> bool:
    """Return whether *flag* takes a password here: `-p` of mysql and 7z without a space, of the others with one."""
    if flag != "-p":
        return True
    is_attached = _attached().search(line) is not None
    is_password = is_likely_password(value) or is_strong_password(value) or is_random(value)
    return is_password and (not space or not is_attached)


_PASSWORD_FLAGS = ("-p", "-P", "-w")
_TOKEN_FLAGS = ("-t", "-k")


def _names_user(line: str) -> bool:
    """Return whether another flag of the command names a user."""
    return any(flag in line for flag in (" -u ", " -U ", " -l ", " --user"))


def _is_mixed_password(value: str) -> bool:
    return is_likely_password(value) and not value.islower() and not value.isupper() and _plain_argument().match(value) is not None


def _is_argument_password(value: str) -> bool:
    return (
        len(value) >= 8
        and _plain_argument().match(value) is not None
        and not _option_name().match(value)
        and (is_distinct_password(value) or (len(value) >= 32 and is_random(value) and not value.islower()))
    )


@cache
def _attached() -> re.Pattern[str]:
    return re.compile(r"mysql|maria|mycli|7z|rar")


@cache
def _option_name() -> re.Pattern[str]:
    """The rest of a long option with one dash, as in `-aes-256-cbc`."""
    return re.compile(r"[a-z]+(?:-[a-z0-9]+)+$")


@cache
def _login_command() -> re.Pattern[str]:
    return re.compile(r"(?i)\b(?:auth|login|token|configure|init)\b")


@cache
def _plain_argument() -> re.Pattern[str]:
    return re.compile(r"[A-Za-z0-9!#$%&*+=@^_.~-]+$")


def _command_line(text: str, position: int) -> str:
    """Return the command line before *position*, from the start of the line or the last `;`, `|` or `&`."""
    start = max(0, position - _LONGEST_LINE)
    before = text[start:position]
    return before[max(before.rfind(mark) for mark in ("\n", ";", "|", "&", "`")) + 1 :]


def find_pass_argument(text: str, position: int) -> Secret | None:
    """Return the password in `-pass pass:…` and `-passin pass:…`."""
    match = _openssl_pass().match(text, position) if _openssl_flag().search(text, max(0, position - 12), position) else None
    return None if not match or is_stand_in(match[1]) else Secret(*match.span(1), "password")


def find_near_name(text: str, position: int, end: int, name: str) -> Secret | None:
    """Return the password that a command hands to another through a pipe, or that follows the named command."""
    if piped := find_piped(text, end):
        return piped
    if name.lower().endswith("htpasswd") and (match := _htpasswd().match(text, end)) and is_likely_password(match["value"]):
        return Secret(*match.span("value"), "password")
    if name.lower().endswith("creds") and (match := _creds_pair().match(text, end)):
        return Secret(*match.span("value"), "password")
    match = _space_value().match(text, end)
    if match and (is_strong_password(match["value"]) or (_is_setting(text, position) and is_likely_password(match["value"]))):
        return Secret(*match.span("value"), "password")
    return None


def find_piped(text: str, position: int) -> Secret | None:
    """Return the password that `echo` hands to the command before *position*."""
    start = max(text.rfind("\n", max(0, position - _LONGEST_LINE), position) + 1, position - _LONGEST_LINE)
    before = text[start:position]
    match = _piped().search(before) if "|" in before else None
    if not match or is_stand_in(match["value"]):
        return None
    value = match["value"]
    if not (is_likely_password(value) or is_strong_password(value) or is_random(value)):
        return None
    return Secret(start + match.start("value"), start + match.end("value"), "password")


def find_redis_password(text: str, position: int) -> Secret | None:
    """Return the password in `AUTH …` and `AUTH user …`."""
    match = _redis_auth().match(text, position)
    if (
        match
        and not match["value"].isupper()
        and (is_strong_password(match["value"]) or is_random(match["value"]))
        and not is_stand_in(match["value"])
    ):
        return Secret(*match.span("value"), "password")
    return None


def _is_setting(text: str, position: int) -> bool:
    """Return whether the word at *position* is the first of its line, or comes after a login: a file of settings, not a sentence."""
    before = text[max(0, position - 80) : position]
    return _line_start().search(before) is not None


@cache
def _command(names: str) -> re.Pattern[str]:
    return re.compile(rf"(?<![A-Za-z0-9_.])(?:{names})(?:\.exe)?(?=\s|$)")


@cache
def _argument(pattern: str) -> re.Pattern[str]:
    named = pattern if "?P<value>" in pattern else pattern + r"(?P<value>(?!))"
    named = named if "?P<key>" in named else named + r"(?P<key>)"
    return re.compile(named if "?P<space>" in named else r"(?P<space>)(?:" + named + ")")


@cache
def _any_argument() -> re.Pattern[str]:
    return re.compile(r"(?:w ?|[ =]?)([^\s=][^\s]{3,}|(?<=-S )\S)")


@cache
def _openssl_flag() -> re.Pattern[str]:
    return re.compile(r"-pass(?:in|out)?\s{1,2}\\*[\"']?$")


@cache
def _openssl_pass() -> re.Pattern[str]:
    return re.compile(r"pass:([^\s\"'\\]{4,200})")


@cache
def _piped() -> re.Pattern[str]:
    return re.compile(
        r"(?:echo|printf)\s+(?:-n\s+|'%s'\s+|\"%s\"\s+)?\\*[\"']?(?:[\w.-]{1,40}:)?(?P<value>[^\s\"'|\\]{5,200})\\*[\"']?\s*\|\s*[^|]*$"
    )


@cache
def _htpasswd() -> re.Pattern[str]:
    return re.compile(r"\s+-\w*b\w*\s+\S+\s+[\w.@-]+\s+\\*[\"']?(?P<value>[^\s\"'\\]{4,200})")


@cache
def _space_value() -> re.Pattern[str]:
    return re.compile(r"\w{0,24}[ \t]{1,8}(?:is\s)?\\*[\"'`]?(?P<value>[A-Za-z0-9!#$%&*+=@^_~][^\s\"'`\\]{7,63})(?=[\s\"'`]|$)")


@cache
def _redis_auth() -> re.Pattern[str]:
    return re.compile(r"AUTH (?:[\w-]{1,30} )?(?P<value>[^\s\"'`]{8,200})(?=[\s\"'`]|$)")


@cache
def _line_start() -> re.Pattern[str]:
    return re.compile(
        r"(?:^|\n)[ \t>+|\d\u2192-]{0,16}(?:\w{1,24}[_-])?$|(?:login|user|machine)\s+\S+\s+$|(?i:\b(?:set|put|add|config|define|param|env))\s+(?:-{1,2}\w+\s+)?(?:\w{1,24}[_-])?$"
    )


@cache
def _creds_pair() -> re.Pattern[str]:
    return re.compile(r"[ =]\\*[\"']?[\w.@-]{1,40}:(?P<value>[^\s\"'\\]{6,200})")


def find_key_argument(text: str, end: int) -> Secret | None:
    """Return the key that follows the end of a telling name behind a space, as in `ENV API_TOKEN …`."""
    match = _key_argument().match(text, end)
    if (
        match
        and is_random(match["value"])
        and not is_stand_in(match["value"])
        and (any(map(str.isdigit, match["value"])) or not match["value"].islower())
    ):
        return Secret(*match.span("value"), "token")
    return None


@cache
def _key_argument() -> re.Pattern[str]:
    return re.compile(r"\w{0,24}[ ]{1,4}\\*[\"'`]?(?P<value>[\w+/.-]{16,400}={0,2})(?=[\s\"'`\\,;)]|$)")
