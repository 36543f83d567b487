"""What a secret looks like at the sites where one can stand.

Every judge is given a text and a place in it, and yields the secrets found there: at most one, but for nothing at all it costs
least to yield nothing. Patterns are compiled when first needed: a clean text needs none.
"""

from __future__ import annotations

import re
from functools import cache
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator


class Secret(NamedTuple):
    """Where a secret stands in its text, and what kind it is."""

    start: int
    end: int
    kind: str


SHORTEST = 12
"""No text shorter than this holds a secret together with what gives it away."""

PLACEHOLDER_HEAD = "[secret:"


@cache
def placeholder() -> re.Pattern[str]:
    """Return what a placeholder looks like."""
    return re.compile(r"\[secret:[a-z0-9-]{1,40}:[0-9a-f]{8}\]")


# Key shapes by the first three characters of the run they begin. Runs are of [A-Za-z0-9_-]; a shape may reach beyond its run.
_SHAPES: dict[str, tuple[tuple[str, str], ...]] = {
    "AKI": (("aws-access-key", r"AKIA[A-Z0-9]{16}(?![A-Za-z0-9])"),),
    "ASI": (("aws-access-key", r"ASIA[A-Z0-9]{16}(?![A-Za-z0-9])"),),
    "ghp": (("github-token", r"ghp_[A-Za-z0-9]{30,}"),),
    "gho": (("github-token", r"gho_[A-Za-z0-9]{30,}"),),
    "ghu": (("github-token", r"ghu_[A-Za-z0-9]{30,}"),),
    "ghs": (("github-token", r"ghs_[A-Za-z0-9]{30,}"),),
    "ghr": (("github-token", r"ghr_[A-Za-z0-9]{30,}"),),
    "git": (("github-token", r"github_pat_[A-Za-z0-9_]{40,}"),),
    "glp": (("gitlab-token", r"glp(?:at|tt)-[\w-]{20,}(?:\.[0-9a-z]{2}\.?[0-9a-z]{7,9})?"),),
    "gld": (("gitlab-token", r"gldt-[\w-]{20,}"),),
    "glr": (("gitlab-token", r"glrt-[\w-]{20,}(?:\.[0-9a-z]{2}\.?[0-9a-z]{7,9})?"),),
    "glc": (("gitlab-token", r"glcbt-[\w-]{20,}"), ("grafana-token", r"glc_[A-Za-z0-9+/]{32,}={0,2}")),
    "gls": (("grafana-token", r"glsa_[A-Za-z0-9]{32}_[A-Fa-f0-9]{8}"), ("gitlab-token", r"glsoat-[\w-]{20,}")),
    "xox": (("slack-token", r"xox[a-z](?:\.xox[bp])?-(?=[A-Za-z-]*\d)[A-Za-z0-9-]{10,}"),),
    "xap": (("slack-token", r"xapp-\d-[A-Z0-9]+-\d+-[a-z0-9]+"),),
    "sk_": (("stripe-key", r"sk_(?:live|test|prod)_[A-Za-z0-9]{10,}"),),
    "rk_": (("stripe-key", r"rk_(?:live|test|prod)_[A-Za-z0-9]{10,}"),),
    "whs": (("stripe-key", r"whsec_[A-Za-z0-9+/]{24,}={0,2}"),),
    "sk-": (
        ("anthropic-key", r"sk-ant-[a-z0-9]+-[\w-]{20,}"),
        ("openai-key", r"sk-(?:proj|svcacct|admin)-[\w-]{20,}"),
        ("api-key", r"sk-(?:or-v1|lf|api)-[\w-]{20,}"),
        ("openai-key", r"sk-(?=[A-Za-z]*\d)(?=[a-z0-9]*[A-Z])[A-Za-z0-9]{20,}(?![\w-])"),
        ("api-key", r"sk-[0-9a-f]{32,}(?![\w-])"),
    ),
    "AIz": (("google-key", r"AIza[\w-]{35}(?![\w-])"),),
    "GOC": (("google-key", r"GOCSPX-[\w-]{28}"),),
    "ya2": (("google-token", r"ya29\.[\w-]{20,}"),),
    "hf_": (("huggingface-token", r"hf_[A-Za-z0-9]{30,}(?![\w-])"),),
    "api": (("huggingface-token", r"api_org_[A-Za-z]{34}(?![\w-])"), ("apify-token", r"apify_api_[A-Za-z0-9]{34,}")),
    "npm": (("npm-token", r"npm_[A-Za-z0-9]{36}(?![\w-])"),),
    "pyp": (("pypi-token", r"pypi-AgE[\w-]{50,}"),),
    "eyJ": (("jwt", r"eyJ[\w-]{14,}\.eyJ[\w-]{14,}(?:\.[\w-]{10,}={0,2}|\.)"),),
    "gsk": (("groq-key", r"gsk_[A-Za-z0-9]{40,}"),),
    "xai": (("xai-key", r"xai-[A-Za-z0-9]{40,}"),),
    "ppl": (("perplexity-key", r"pplx-[A-Za-z0-9]{40,}"),),
    "r8_": (("replicate-token", r"r8_[A-Za-z0-9]{37}(?![\w-])"),),
    "dop": (("digitalocean-token", r"dop_v1_[a-f0-9]{64}"),),
    "doo": (("digitalocean-token", r"doo_v1_[a-f0-9]{64}"),),
    "dor": (("digitalocean-token", r"dor_v1_[a-f0-9]{64}"),),
    "shp": (("shopify-token", r"shp(?:at|ca|pa|ss)_[a-fA-F0-9]{32}"),),
    "lin": (("linear-key", r"lin_(?:api|oauth)_[A-Za-z0-9]{40,}"),),
    "sec": (("notion-token", r"secret_[A-Za-z0-9]{43}(?![\w-])"),),
    "ntn": (("notion-token", r"ntn_[0-9]{11}[A-Za-z0-9]{35}"),),
    "fig": (("figma-token", r"figd_[\w-]{38,}"),),
    "dck": (("docker-token", r"dckr_(?:pat|oat)_[\w-]{27,}"),),
    "pul": (("pulumi-token", r"pul-[a-f0-9]{40}"),),
    "PMA": (("postman-key", r"PMAK-[a-fA-F0-9]{24}-[a-fA-F0-9]{34}"),),
    "rub": (("rubygems-key", r"rubygems_[a-f0-9]{48}"),),
    "sbp": (("supabase-token", r"sbp_[a-z0-9_-]{40,}"),),
    "sb_": (("supabase-token", r"sb_secret_[\w-]{20,}"),),
    "xke": (("brevo-key", r"xkeysib-[a-f0-9]{64}-[A-Za-z0-9]{16}"),),
    "nva": (("nvidia-key", r"nvapi-[\w-]{60,}"),),
    "tsk": (("tailscale-key", r"tskey-[a-z]+-[\w-]{20,}"),),
    "sq0": (("square-token", r"sq0(?:atp|csp)-[\w-]{22,}"),),
    "dap": (("databricks-token", r"dapi[a-f0-9]{32}(?:-\d)?(?![\w-])"),),
    "AGE": (("age-key", r"AGE-SECRET-KEY-1[A-Z0-9]{58}"),),
}  # fmt: skip


@cache
def _shapes(head: str) -> tuple[tuple[str, re.Pattern[str]], ...]:
    return tuple((kind, re.compile(pattern)) for kind, pattern in _SHAPES[head])


# Shapes in which a dot or a colon stands before the run.
@cache
def _dotted() -> tuple[tuple[str, re.Pattern[str]], ...]:
    return (
        ("sendgrid-key", re.compile(r"(?<![\w.])SG\.[\w-]{16,}\.[\w-]{16,}")),
        ("vault-token", re.compile(r"(?<![\w.])hv[sb]\.[\w-]{90,}")),
        ("doppler-token", re.compile(r"(?<![\w.])dp\.(?:pt|st|ct|sa)\.[A-Za-z0-9_.-]{40,}")),
        ("google-key", re.compile(r"(?<![\w.])AQ\.Ab8[\w-]{40,}")),
    )


@cache
def _telegram() -> re.Pattern[str]:
    return re.compile(r"(?<![\w-])(?:bot)?(\d{8,10}:A[\w-]{34})(?![\w-])")


@cache
def _bearer() -> re.Pattern[str]:
    return re.compile(r"(?=[^\s\"']{0,200}\d)[A-Za-z0-9._~+/-]{20,}=*")


def shaped(text: str, start: int, end: int) -> Iterator[Secret]:
    """Yield the secret whose unbroken run of word characters is *text[start:end]*."""
    head = text[start : start + 3]
    if head in _SHAPES:
        for kind, pattern in _shapes(head):
            match = pattern.match(text, start)
            if match:
                yield Secret(start, match.end(), kind)
                return
    before = text[start - 1 : start]
    if before == ".":
        for kind, pattern in _dotted():
            match = pattern.search(text, max(0, start - 8), min(len(text), end + 400))
            if match and match.start() < start:
                yield Secret(match.start(), match.end(), kind)
                return
    elif before == ":" and head[:1] == "A":
        match = _telegram().search(text, max(0, start - 16), min(len(text), end + 1))
        if match:
            yield Secret(match.start(1), match.end(1), "telegram-bot-token")
    elif before == " " and text[start - 7 : start].lower() == "bearer ":
        match = _bearer().match(text, start)
        if match:
            yield Secret(start, match.end(), "bearer-token")


# Names. A site is the place of `oken`, `cret`, `_key`, `ikey` or `passw` in any case.
@cache
def _name_end() -> re.Pattern[str]:
    return re.compile(r"(?i)oken|cret|[_\-. i]key|passw(?:or)?d?")


@cache
def _name_head() -> re.Pattern[str]:
    return re.compile(r"[A-Za-z0-9_.-]{0,60}$")


@cache
def _assignment() -> re.Pattern[str]:
    """What follows the telling part of a name: its rest, an operator, and the value, in quotes or without."""
    return re.compile(
        r"(?P<rest>\w{0,24})(?P<close>\\?[\"'`]?\]?)[ \t]{0,4}(?P<operator>=>|:=|[:=]|[ ](?=[^\s]))\s{0,4}"
        r"(?:(?P<quote>\\?[\"'`])(?P<quoted>[^\s\"'`\\]{6,512})(?=\\?[\"'`])|(?P<bare>[^\s\"'`\\,;)(\]}<>|&]{8,512}))"
    )


_KEY_OWNERS = ("api", "private", "access", "secret", "auth", "signing", "encryption", "master", "storage", "account", "service", "shared", "jwt",
               "session", "webhook", "deploy", "client", "license", "app", "admin", "subscription", "hmac", "crypto", "cookie")  # fmt: skip
_HARMLESS_RESTS = ("name", "id", "ids", "file", "path", "url", "uri", "type", "field", "count", "limit", "length", "size", "header", "param", "prefix", "regex",
                   "pattern", "s", "izer", "ize", "ized", "input", "label", "hint", "env", "var", "ref", "arn", "policy", "expiry", "expires", "ttl", "version")  # fmt: skip


def named(text: str, at: int) -> Iterator[Secret]:
    """Yield the value that is given to the name around *at*, or the private key block that the words there head."""
    ending = _name_end().match(text, at)
    if not ending:
        return
    if text.startswith("-----", ending.end()) or text.startswith(" BLOCK-----", ending.end()):
        yield from _key_block(text, at)
        return
    match = _assignment().match(text, ending.end())
    if not match:
        return
    head = _name_head().search(text[max(0, at - 60) : at])
    name = (head.group() if head else "") + ending.group()
    rest = match["rest"]
    if not _tells(name, rest):
        return
    value = match["quoted"] or match["bare"]
    quoted = match["quoted"] is not None
    flag = match["operator"] == " "
    if flag and not name.startswith("--"):
        return
    if not _is_value(value, quoted, name + rest):
        return
    group = "quoted" if quoted else "bare"
    yield Secret(match.start(group), match.end(group), _kind_of(name + rest))


def _tells(name: str, rest: str) -> bool:
    """Say whether a name that ends so, and goes on with *rest*, is the name of a secret."""
    lowered = name.lower()
    if rest.lower().strip("_") in _HARMLESS_RESTS:
        return False
    if lowered.endswith("key"):
        stem = lowered[:-3].rstrip("_-. ")
        return stem.endswith(_KEY_OWNERS)
    return True


def _kind_of(name: str) -> str:
    lowered = name.lower()
    if "passw" in lowered:
        return "password"
    if "aws" in lowered and "secret" in lowered:
        return "aws-secret-key"
    if lowered.endswith("key"):
        return "private-key" if "private" in lowered else "api-key"
    return "token" if "oken" in lowered else "secret"


@cache
def _reference() -> re.Pattern[str]:
    """Values that name or stand for a secret but are none."""
    return re.compile(
        r"(?i)[$<{%\[*]|[.]{2,}|.*(?:\$\{|\{\{|<|>|\.\.\.|…|your[-_]|[-_]here|example|xxx|changeme|change[-_]me|placeholder|dummy|redacted|\*\*\*)"
        r"|(?:process|import\.meta|os|sys|self|this|config|settings|env|environ|secrets?|req|request|ctx|args|options|opts|props|data|res|response)[.\[?]"
        r"|[\w.$]+\(|[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}$|sha(?:1|256|384|512)[-:]|https?://|/|\./|~/"
    )


@cache
def _plain() -> re.Pattern[str]:
    """Values made as names are: words and dots, or a number."""
    return re.compile(r"[A-Za-z_$@-][A-Za-z_$.:/@?!\-]*$|[\d.,_:-]+[a-zA-Z]?$|[a-z]+(?:[A-Z_-]?[a-z]+)*\d?$")


def _is_value(value: str, quoted: bool, name: str) -> bool:
    """Say whether *value* is a secret itself rather than a word, a number, a type, code, or something standing for a secret."""
    value = value.rstrip(".")
    if len(value) < (6 if quoted else 8) or _reference().match(value) or _plain().match(value):
        return False
    return any(character.isdigit() for character in value) or (quoted and not value.isalnum())


def _key_block(text: str, at: int) -> Iterator[Secret]:
    """Yield the private key block in whose first or last line *at* stands."""
    begin = text.rfind("-----BEGIN", max(0, at - 60), at)
    if begin < 0 or "PRIVATE" not in text[begin:at].upper():
        return
    end = text.find("-----END", at)
    close = text.find("-----", end + 8) if end >= 0 else -1
    # A block cut short is secret to where its base64 ends.
    stop = close + 5 if close >= 0 else _block_body().match(text, text.find("-----", at) + 5).end()  # type: ignore[union-attr]
    yield Secret(begin, stop, "private-key")


@cache
def _block_body() -> re.Pattern[str]:
    return re.compile(r"(?:[A-Za-z0-9+/=\s:,-]|\\[nrt])*")


@cache
def _authorization() -> re.Pattern[str]:
    return re.compile(
        r"(?i)authorization\\?[\"'`]?\s{0,2}[:=,]\s{0,2}\\?[\"'`]?(?P<scheme>bearer|basic|token|apikey|digest|bot)\s+(?P<value>[A-Za-z0-9._~+/-]{8,}=*)"
    )


def authorized(text: str, at: int) -> Iterator[Secret]:
    """Yield what an authorization header at *at* carries."""
    match = _authorization().match(text, at)
    if match and _is_value(match["value"], True, "authorization"):
        yield Secret(match.start("value"), match.end("value"), "basic-auth" if match["scheme"].lower() == "basic" else "bearer-token")


@cache
def _url_head() -> re.Pattern[str]:
    return re.compile(r"[A-Za-z][A-Za-z0-9+.-]*$")


_COMMON_PASSWORDS = frozenset({"password", "pass", "passwd", "pwd", "secret", "token", "user", "username", "key", "changeme", "example"})


def userinfo(text: str, at: int) -> Iterator[Secret]:
    """Yield the password in the URL whose user information ends at the `@` at *at*."""
    scheme = text.rfind("://", max(0, at - 256), at)
    if scheme < 0:
        return
    user, colon, password = text[scheme + 3 : at].partition(":")
    if not colon or not password or any(character in password + user for character in " \t\r\n\"'`<>{}$\\/|"):
        return
    if password == user or password.lower() in _COMMON_PASSWORDS or _reference().match(password):
        # A password that is the user's name, or the word "password", keeps nobody out and is needed to run the example again.
        return
    yield Secret(at - len(password), at, "url-password")
