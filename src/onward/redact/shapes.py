"""Secrets with a shape of their own: keys of well-known services (listed in `prefixes`), web tokens, bearer tokens.

All of them are, or contain, an unbroken run of at least twenty letters, digits, `_` and `-`. A run is looked up by its first three
characters, and so are the parts of a run behind a `-` or `_`: a key may be glued to a word.
"""

from __future__ import annotations

import re
from functools import cache

from onward.redact.prefixes import PREFIXES
from onward.redact.secret import Secret
from onward.redact.values import has_digit, is_random, is_stand_in, wordiness

RUN_LENGTH = 20
"""The shortest run: an AWS access key id has exactly this length."""

_SHAPES = {
    "aws-access-key": (r"A(?:KIA|SIA|BIA|CCA|3T[A-Z0-9])[A-Z2-7]{16}(?![A-Za-z0-9])", "AKI ASI ABI ACC A3T"),
    "github-token": (r"gh[pousr]_[A-Za-z0-9]{30,}|github_pat_[A-Za-z0-9_]{40,}", "ghp gho ghu ghs ghr git"),
    "gitlab-token": (
        r"gl(?:pat|ptt|dt|rt|cbt|soat|agent|oas|ffct|ft|imt)-[\w-]{20,}(?:\.[0-9a-z]{2}\.?[0-9a-z]{7,9})?|GR1348941[\w-]{20,}",
        "glp gld glr glc gls gla glo glf gli GR1",
    ),
    "grafana-token": (r"glsa_[A-Za-z0-9]{32}_[A-Fa-f0-9]{8}|glc_[A-Za-z0-9+/]{32,}={0,2}|eyJrIjoi[A-Za-z0-9+/]{40,}={0,2}", "gls glc eyJ"),
    "slack-token": (r"xox[a-z](?:\.xox[bp])?-(?=[A-Za-z-]*\d)[A-Za-z0-9%+/-]{10,}={0,2}|xapp-\d-[A-Z0-9]+-\d+-[a-z0-9]+", "xox xap"),
    "stripe-key": (r"[sr]k_(?:live|test|prod)_[A-Za-z0-9]{10,}|whsec_[A-Za-z0-9+/]{24,}={0,2}", "sk_ rk_ whs"),
    "anthropic-key": (r"sk-ant-[a-z0-9]+-[\w-]{20,}", "sk-"),
    "openai-key": (r"sk-(?:proj|svcacct|admin)-[\w-]{20,}|sk-(?=[A-Za-z]*\d)(?=[a-z0-9]*[A-Z])[A-Za-z0-9]{20,}(?![\w-])", "sk-"),
    "api-key": (r"sk-(?:or-v1|lf|api)-[\w-]{20,}|sk-[0-9a-f]{32,}(?![\w-])|sk_[0-9a-f]{48}(?![\w-])", "sk- sk_"),
    "google-key": (r"AIza[\w-]{35}(?![\w-])|GOCSPX-[\w-]{28}|ya29\.[\w-]{20,}", "AIz GOC"),
    "huggingface-token": (r"(?:hf|api_org)_[A-Za-z0-9]{30,}(?![\w-])", "hf_ api"),
    "onward-token": (r"onw_[0-9a-f]{12}_[\w-]{43}(?![\w-])", "onw"),
    "jwt": (
        r"ey[A-Za-z0-9][\w-]{12,}\.ey[A-Za-z0-9][\w-]{12,}(?:\.[\w-]{10,}={0,2}|\.)?|eyJ[\w-]{10,}\.[\w-]{20,}\.[\w-]{20,}",
        "eyJ eyB eyI eyA eyN ZXl",
    ),
    "linear-key": (r"lin_(?:api|oauth)_[A-Za-z0-9]{40,}", "lin"),
    "notion-token": (r"secret_[A-Za-z0-9]{43}(?![\w-])|ntn_[0-9]{11}[A-Za-z0-9]{35}", "sec ntn"),
    "nvidia-key": (r"nvapi-[\w-]{60,}", "nva"),
    "mailgun-key": (r"key-[0-9a-f]{32}(?![\w-])", "key"),
    "telegram-bot-token": (r"\d{8,10}:A[\w-]{34}(?![\w-])", ""),
    "twilio-key": (r"SK[0-9a-fA-F]{32}(?![\w-])", " ".join(f"SK{digit}" for digit in "0123456789abcdefABCDEF")),
    "airtable-token": (r"pat[A-Za-z0-9]{14}\.[a-f0-9]{64}(?![\w-])", "pat"),
}

_BY_HEAD: dict[str, list[str]] = {}
for _kind, (_, _heads) in _SHAPES.items():
    for _head in _heads.split():
        _BY_HEAD.setdefault(_head, []).append(_kind)
_PREFIXES_BY_HEAD: dict[str, list[str]] = {}
for _prefix in sorted(PREFIXES, key=len, reverse=True):
    _PREFIXES_BY_HEAD.setdefault(_prefix[:3], []).append(_prefix)

DISTINCT_PREFIXES = tuple(prefix for prefix in PREFIXES if len(prefix) >= 4 and not prefix.isalnum())
"""Prefixes that are no part of a word."""

HEADS = frozenset(_BY_HEAD) | frozenset(_PREFIXES_BY_HEAD)
"""The first three characters of every run that may be a secret."""

_START = r"(?:(?<![A-Za-z0-9.])|(?<=%[0-9A-F]{2}))"
_LINKED_SHAPES = {
    "SG.": ("sendgrid-key", _START + r"SG\.(?:[\w-]{16,}\.[\w-]{16,}|[\w=-]{60,})"),
    "ca.": ("api-key", _START + r"api_live_(?:ca|us)\.[\w-]{20,}"),
    "us.": ("api-key", _START + r"api_live_us\.[\w-]{20,}"),
    "ve.": ("api-key", _START + r"api_live\.[\w-]{20,}"),
    "-1/": ("api-key", _START + r"configcat-sdk-1/[\w-]{22}/[\w-]{22}"),
    "V1 ": ("fly-token", r"FlyV1 (?:fm2_)?[\w=,/+-]{60,}"),
    "vs.": ("vault-token", _START + r"hvs\.[\w-]{20,}"),
    "vb.": ("vault-token", _START + r"hvb\.[\w-]{90,}"),
    "pt.": ("doppler-token", _START + r"dp\.(?:pt|st|ct|sa|scim|audit)\.[A-Za-z0-9.]{40,}"),
    "29.": ("google-key", _START + r"ya29\.[\w-]{20,}"),
    "AQ.": ("google-key", _START + r"AQ\.Ab8[\w-]{40,}"),
    "v1.": ("hashicorp-token", r"(?<![A-Za-z0-9.])(?:[A-Za-z0-9]{14}\.atlasv1\.[\w=-]{40,}|v1\.0-[a-f0-9]{24}-[a-f0-9]{140,})"),
    "sl.": ("dropbox-token", _START + r"sl\.[\w=-]{60,}"),
    "sn.": ("mailersend-token", _START + r"mlsn\.[A-Za-z0-9]{30,}"),
    "CS:": ("astra-token", _START + r"AstraCS:[A-Za-z0-9]{20,}"),
    "TS.": ("alibaba-key", _START + r"STS\.[A-Za-z0-9]{20,}"),
    "1//": ("google-key", _START + r"1//0[\w-]{40,}"),
    "us+": ("pagerduty-key", _START + r"pdus\+[\w+-]{16,}"),
    "56~": ("openshift-token", _START + r"sha256~[\w-]{40,}"),
    "01.": ("dynatrace-token", _START + r"dt0[a-z]01\.[A-Za-z0-9]{24}\.[A-Za-z0-9]{64}"),
    **{
        f"{tens}{ones}:": ("telegram-bot-token", r"(?<![0-9])\d{8,10}:A[\w-]{34}(?![\w-])|(?<![\w/])1/\d{16}:[a-f0-9]{32}(?![\w-])")
        for tens in "0123456789"
        for ones in "0123456789"
    },
}
"""Shapes that start before their run, by the three characters before it."""

_BEARER_LINKS = ("er ", "ER ")

LINKS = frozenset((*_LINKED_SHAPES, *_BEARER_LINKS))
"""The three characters before a run that make it a candidate although its head does not."""

_ID_PREFIXES = frozenset(
    "msg toolu call req chatcmpl thread run asst price prod pi cus sub in ch evt seti si card src tok pm acct pk resp rs fc file "
    "call_function part ses prt step sha sha1 sha256 sha384 sha512 md5 blob tree h1 index chunk main app vendor key id uid user "
    "session trace span build job task node pod test commit hash digest".split()
)
"""Words before a `_` or `-` that make a random part behind it an id or a digest."""


@cache
def _shape_pattern(kind: str) -> re.Pattern[str]:
    return re.compile(_SHAPES[kind][0])


@cache
def _prefix_pattern(prefix: str) -> re.Pattern[str]:
    return re.compile(re.escape(prefix) + rf"[\w+/.*=-]{{{PREFIXES[prefix]},}}")


_UUID_LENGTH = 36


def _suffix(run: str) -> bool:
    """Return whether *run* is a key that is known by its end: of MaxMind, Mailchimp or Azure DevOps."""
    is_candidate = run[-4:] == "_mmk" or run[76:80] == "AZDO" or run[-4:-1] == "-us" or run[-5:-2] == "-us"
    return is_candidate and _suffixed().match(run) is not None


@cache
def _suffixed() -> re.Pattern[str]:
    return re.compile(r"(?:[A-Za-z0-9]{6}_[A-Za-z0-9]{29}_mmk|[0-9a-f]{32}-us\d{1,2}|[A-Za-z0-9]{76}AZDO[A-Za-z0-9]{4})$")


@cache
def _linked_pattern(link: str) -> re.Pattern[str]:
    return re.compile(_LINKED_SHAPES[link][1])


@cache
def _bearer_pattern() -> re.Pattern[str]:
    return re.compile(r"(?=[^\s\"']{0,200}\d)[A-Za-z0-9._~+/-]{20,}=*")


def match_shape(text: str, start: int, end: int) -> Secret | None:
    """Return the secret whose run is *text[start:end]*: it may start before the run and end behind it."""
    secret = _match_head(text, start)
    if secret and not (text[start - 1 : start] in ("+", "/") and is_random(_last_token(text, start - 1))):
        return secret
    link = text[start - 3 : start]
    if link in _LINKED_SHAPES:
        match = _linked_pattern(link).search(text, max(0, start - 24), min(len(text), end + 400))
        if match and match.start() < start < match.end():
            return Secret(match.start(), match.end(), _LINKED_SHAPES[link][0])
    if link in _BEARER_LINKS and text[start - 7 : start - 1].lower() == "bearer":
        match = _bearer_pattern().match(text, start)
        if match and not is_stand_in(match.group()):
            return Secret(start, match.end(), "bearer-token")
    return None


def match_part(text: str, start: int, end: int) -> Secret | None:
    """Return the secret that follows a `-` or `_` in the run *text[start:end]*, if the run is a word with a key glued to it."""
    if text[start - 1 : start] in ("+", "/"):
        before = text[max(0, start - 64) : start] if start >= 64 else f" {text[:start]}"
        first = start - len(before) + len(before.rstrip(_BASE64))
        # A blob has no start in sight, and any head may come up in it by chance.
        if start - first < len(before) and text[first : first + 3] in HEADS and (secret := _match_head(text, first)) and secret.end > start:
            return secret
    run = text[start:end]
    is_word = run.isalnum()
    if (not is_word or len(run) > _UUID_LENGTH) and _suffix(run):
        return Secret(start, end, "api-key")
    if is_word or (len(run) == _UUID_LENGTH and run[8] == run[13] == run[18] == run[23] == "-"):
        return None
    parts = run.replace("-", "_").split("_")
    if len(parts) == 1:
        return None
    position = start
    for part in parts[:-1]:
        position += len(part) + 1
        if len(part) > 20 or not (part.isalpha() or part.isdigit() or not part):
            # A blob, in which any head may come up by chance; or a digest.
            return None
        if text[position : position + 3] in HEADS and (secret := _match_head(text, position)):
            return secret
    return _match_unknown(text, start, end, parts)


_BASE64 = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/_-"


def _last_token(text: str, end: int) -> str:
    """Return the base64 characters before *end*, at most 32: random ones belong to a blob."""
    before = text[max(0, end - 32) : end]
    return before[len(before.rstrip(_BASE64)) :]


def match_prefix(text: str, position: int) -> Secret | None:
    """Return the key whose prefix is at *position*, even inside a longer word: its run may be short."""
    return None if text[position - 1 : position].isalnum() else _match_head(text, position)


def _match_head(text: str, start: int) -> Secret | None:
    head = text[start : start + 3]
    for kind in _BY_HEAD.get(head, ()):
        match = _shape_pattern(kind).match(text, start)
        if match and not match.group().endswith("EXAMPLE") and not _repeated().search(match.group()):
            return Secret(start, match.end(), kind)
    for prefix in _PREFIXES_BY_HEAD.get(head, ()):
        match = _prefix_pattern(prefix).match(text, start) if text.startswith(prefix, start) else None
        if match and _is_key_body(match.group()[len(prefix) :], is_distinct=len(prefix) >= 8):
            return Secret(start, start + len(match.group().rstrip(".")), "api-key")
    return None


@cache
def _repeated() -> re.Pattern[str]:
    """One repeated character, as in a placeholder of a key."""
    return re.compile(r"(.)\1{7}")


def _is_key_body(body: str, *, is_distinct: bool) -> bool:
    """Return whether *body* is what follows a prefix in a key; after a long, *distinct* prefix a digit is enough."""
    return is_random(body) or (has_digit(body) and not is_stand_in(body) and (is_distinct or wordiness(body) < 0.7))


def _match_unknown(text: str, start: int, end: int, parts: list[str]) -> Secret | None:
    """Return a long random part behind a word, as in the keys of services that are not known here."""
    value = parts[-1]
    if len(value) < 32 or parts[-2] in _ID_PREFIXES or text[end : end + 1] in ("/", "+", "="):
        return None
    if value.islower() or value.isupper() or not all(part.isalpha() and len(part) > 1 for part in parts[:-1]) or not is_random(value):
        return None
    return Secret(start, end, "api-key")
