"""The title of a session: its agent's, else its first real request, shortened to a clause that can be read at a glance."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from itertools import pairwise

from onward.core.text.prose import STOPWORDS, one_line
from onward.core.text.sentences import sentences
from onward.core.transcript.authored_text import author_text
from onward.core.transcript.frames import unframe
from onward.core.transcript.pastes import is_paste
from onward.core.transcript.transcript import Turn
from onward.core.transcript.turn import lighten

MAX_TITLE_CHARS = 100
MAX_REQUEST_CHARS = 72

_DEFAULT_TITLES = re.compile(
    r"(?i)(?:new|untitled|unnamed|empty|default)? ?(?:session|chat|conversation|thread|task|agent|composer|cascade)?"
    r"(?: ?(?:-|–|#|:|\() ?[\d:.,\-TZ/ ()]*)?|untitled.*|no title|null|none|undefined|[0-9a-f-]{8,}|[\d:.,\-TZ/ ]+"
)
_GREETING = re.compile(
    r"(?i)(?:hi|hey|hello|hallo|halo|hai|hola|ol[aá]|oi|ciao|salut|bonjour|bonsoir|moin|servus|guten (?:tag|morgen|abend)|good (?:morning|afternoon"
    r"|evening|day)|greetings|selamat (?:pagi|siang|sore|malam)|buen[oa]s (?:d[ií]as|tardes|noches)|bom dia|boa (?:tarde|noite)|buongiorno|merhaba"
    r"|xin ch[àa]o|привет|здравствуйте|добрый (?:день|вечер)|cześć|hej|안녕(?:하세요)?|你好|您好|早上好|こんにちは|おはよう(?:ございます)?|مرحبا|नमस्ते)"
    r"(?:\s+(?:there|all|everyone|again|team|claude|codex|gemini|cursor|copilot|chatgpt|gpt|agent|ai|assistant|buddy|mate|friend|semua|zusammen))*"
    r"(?=[\s,.!?…、。！？:;–-]|$)[\s,.!?…、。！？:;–-]*"
)
_POLITE = re.compile(
    r"(?i)(?:(?:so|ok|okay|alright|well|now|right|great|thanks|thank you)[,.!]? +)?(?:(?:please|pls|kindly|tolong|mohon|bitte|por favor|s'il te pla[iî]t"
    r"|s'il vous pla[iî]t|per favore|请|請)[, ]*)?(?:(?:can|could|would|will) you (?:please |kindly )?(?:help me (?:to )?)?"
    r"|i(?:'d| would) like you to |i (?:want|need) you to |let'?s |help me (?:to )?|bisakah kamu |kannst du (?:bitte )?|peux-tu |puedes )?"
)
_FILLER = re.compile(
    r"(?i)(?:ok|okay|okey|yes|yep|yeah|no|nope|sure|thanks|thank you|ty|great|good|nice|perfect|cool|go|go on|go ahead|continue|proceed|next|test|testing"
    r"|ping|ya|oke|lanjut|lanjutkan|terima kasih|ja|danke|weiter|mach weiter|oui|merci|continuer?|s[ií]|gracias|sigue|contin[uú]a|obrigado|grazie|继续"
    r"|繼續|好的|谢谢|続けて|はい|계속|네|да|спасибо|продолжай|what'?s up|how are you|how are you doing|are you there|you there|who are you)[\s.!?…。！？]*"
)
_COMMAND = re.compile(r"\s*(?:/[\w:.-]+(?:\s|$)|![^\s!]|<[\w-]+)")
_CLAUSE_END = re.compile(
    r"(?:[,;:，；：、]|\s[–—-])\s*(?=\S)|\s(?=(?:because|so that|since|which|while|weil|damit|karena|supaya|porque|parce que)\s)|[（(]"
)
_ENDS = " .,;:!?…。，；：！？–—-"


def agent_title(text: str) -> str:
    """Return the title that an agent gave a session, on one line; empty for a placeholder, such as `New session`."""
    title = one_line(unframe(text)[0], MAX_TITLE_CHARS).strip().strip("\"'`#* ")
    return "" if _DEFAULT_TITLES.fullmatch(title) else title


def request_title(turns: Iterable[Turn]) -> str:
    """Return the first real request in *turns*, shortened to a clause: no frame of a client, paste, command or greeting. Empty if there is
    none.
    """
    second_best = ""
    for turn in turns:
        for sentence in _requests(turn):
            if " " in sentence or not sentence.isascii():
                return _shorten(sentence)
            second_best = second_best or sentence
    return _shorten(second_best)


def _requests(turn: Turn) -> Iterator[str]:
    if turn.role != "user" or turn.sidechain is not None or turn.mark not in ("said", "queued") or not turn.text.strip():
        return
    light_turn = lighten(turn)
    words = author_text(light_turn.text) if light_turn.mark in ("said", "queued") else ""
    if not words or _COMMAND.match(words) or is_paste(unframe(turn.text)[0]):
        return
    for sentence, following in pairwise((*sentences(words), None)):
        text = _bare(sentence.text) if sentence else ""
        if any(map(str.isalpha, text)) and not _FILLER.fullmatch(text):
            is_lead = text.endswith(":") and following and following.heading and following.heading != (sentence and sentence.heading)
            yield f"{text} {following.heading}" if is_lead and following else text


def _bare(sentence: str) -> str:
    """Return *sentence* without markup, greeting and politeness."""
    text = re.sub(r"\*\*|__|`", "", " ".join(sentence.split())).lstrip("#>*- ")
    if greeting := _GREETING.match(text):
        text = text[greeting.end() :]
    rest = text[polite.end() :] if (polite := _POLITE.match(text)) else text
    return rest if any(map(str.isalnum, rest)) else text


def _close(clause: str) -> str:
    """Return *clause* without a bracket that it opens and does not close."""
    opening = max(clause.rfind("("), clause.rfind("（"))
    return clause[:opening].strip() if opening > clause.rfind(")") and opening > clause.rfind("）") else clause.strip()


def _shorten(text: str) -> str:
    """Return *text* as a title: up to a clause's end that leaves enough, else cut at a word."""
    if len(text) > MAX_REQUEST_CHARS:
        ends = [match.start() for match in _CLAUSE_END.finditer(text) if MAX_REQUEST_CHARS // 3 <= match.start() <= MAX_REQUEST_CHARS]
        clause = _close(text[: ends[-1]]) if ends else ""
        text = clause if clause and clause.split()[-1].lower() not in STOPWORDS else one_line(text, MAX_REQUEST_CHARS)
    title = text if text.endswith("…") else text.rstrip(_ENDS)
    first_word = title.split(" ", 1)[0]
    return title[:1].upper() + title[1:] if first_word.isalpha() and first_word.islower() else title
