"""The words and marks that may give a secret away, all found in one pass over a text, and who judges each.

An Aho-Corasick automaton finds any number of them at the speed of one; a text without any is done with.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

from onward.redact import commands, prose, urls
from onward.redact.names import NameJudge

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from ahocorasick_rs import AhoCorasick, BytesAhoCorasick

    from onward.redact.secret import Secret

    Judge = Callable[[NameJudge, int], Secret | None]


def _judge_flag(names: NameJudge, position: int) -> Secret | None:
    return commands.find_flag_argument(names.text, position)


def _judge_at(names: NameJudge, position: int) -> Secret | None:
    return urls.find_password(names.text, position)


_NEEDLES: tuple[tuple[Judge, str], ...] = (
    # The judge of each needle, in lower case. `_` stands for a space.
    (NameJudge.judge_secret, "secret"),
    (NameJudge.judge_key, "key"),
    (NameJudge.judge_token, "token"),
    (NameJudge.judge_password, "pass"),
    (NameJudge.judge_authorization, "auth"),
    (NameJudge.judge_short_password, "pwd psk pw cred"),
    (NameJudge.judge_pw, "pw"),
    (NameJudge.judge_cookie, "cookie"),
    (NameJudge.judge_identified, "identified_by"),
    (NameJudge.judge_login, "login"),
    (NameJudge.judge_pin, "pin"),
    (NameJudge.judge_phrase, "phrase"),
    (NameJudge.judge_hash, "0$ 1$ 2$ 3$ 4$ 5$ 6$ 7$ 8$ 9$ a$ b$ y$"),
    (NameJudge.judge_foreign, "sandi senha clave parola wachtwoord kennwort zugangsdaten heslo haslo mdp"),
    (_judge_flag, "_-u _-p _-a _-x _-w _-n _-c _-k _-s_"),
    (_judge_at, "@"),
)
_TEXTS = [needle.replace("_", " ") for _, needles in _NEEDLES for needle in needles.split()]
_JUDGES = [judge for judge, needles in _NEEDLES for _ in needles.split()]


def judge_all(text: str, lowered: bytes) -> Iterator[Secret]:
    """Yield the secrets that a needle in *text* gives away; *lowered* is one byte of lower case for each of its characters."""
    matches = _ascii_needles().find_matches_as_indexes(lowered, overlapping=True)
    if not matches and text.isascii():
        return
    names = NameJudge(text)
    for index, position, _ in matches:
        if secret := _JUDGES[index](names, position):
            yield secret
    if not text.isascii():
        for index, position, end in _script_needles().find_matches_as_indexes(text):
            if secret := prose.find_foreign(text, position, end, is_joined=index >= prose.SPACED_WORDS):
                yield secret


@cache
def _ascii_needles() -> BytesAhoCorasick:
    from ahocorasick_rs import BytesAhoCorasick, Implementation

    return BytesAhoCorasick([text.encode() for text in _TEXTS], implementation=Implementation.DFA)


@cache
def _script_needles() -> AhoCorasick:
    from ahocorasick_rs import AhoCorasick, Implementation

    return AhoCorasick(prose.SCRIPT_WORDS, implementation=Implementation.DFA)
