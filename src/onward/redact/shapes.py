"""Secrets with a shape of their own: keys of well-known services, web tokens, bearer tokens.

All of them are, or contain, an unbroken run of at least twenty letters, digits, `_` and `-`. A run is looked up by its first three
characters.
"""

from __future__ import annotations

import re
from functools import cache

from onward.redact.scanner import scan
from onward.redact.secret import Secret
from onward.redact.values import is_stand_in

RUN_LENGTH = 20
"""The shortest run: an AWS access key id has exactly this length."""

_SHAPES = {
    "aws-access-key": (r"A(?:KIA|SIA|BIA|CCA)[A-Z0-9]{16}(?![A-Za-z0-9])", "AKI ASI ABI ACC"),
    "github-token": (r"gh[pousr]_[A-Za-z0-9]{30,}|github_pat_[A-Za-z0-9_]{40,}", "ghp gho ghu ghs ghr git"),
    "gitlab-token": (
        r"gl(?:pat|ptt|dt|rt|cbt|soat|agent|oas|ffct|ft|imt)-[\w-]{20,}(?:\.[0-9a-z]{2}\.?[0-9a-z]{7,9})?|GR1348941[\w-]{20,}",
        "glp gld glr glc gls gla glo glf gli GR1",
    ),
    "grafana-token": (r"glsa_[A-Za-z0-9]{32}_[A-Fa-f0-9]{8}|glc_[A-Za-z0-9+/]{32,}={0,2}", "gls glc"),
    "slack-token": (r"xox[a-z](?:\.xox[bp])?-(?=[A-Za-z-]*\d)[A-Za-z0-9%-]{10,}|xapp-\d-[A-Z0-9]+-\d+-[a-z0-9]+", "xox xap"),
    "stripe-key": (r"[sr]k_(?:live|test|prod)_[A-Za-z0-9]{10,}|whsec_[A-Za-z0-9+/]{24,}={0,2}", "sk_ rk_ whs"),
    "anthropic-key": (r"sk-ant-[a-z0-9]+-[\w-]{20,}", "sk-"),
    "openai-key": (r"sk-(?:proj|svcacct|admin)-[\w-]{20,}|sk-(?=[A-Za-z]*\d)(?=[a-z0-9]*[A-Z])[A-Za-z0-9]{20,}(?![\w-])", "sk-"),
    "api-key": (r"sk-(?:or-v1|lf|api)-[\w-]{20,}|sk-[0-9a-f]{32,}(?![\w-])", "sk-"),
    "google-key": (r"AIza[\w-]{35}(?![\w-])|GOCSPX-[\w-]{28}|ya29\.[\w-]{20,}", "AIz GOC"),
    "huggingface-token": (r"(?:hf|api_org)_[A-Za-z0-9]{30,}(?![\w-])", "hf_ api"),
    "npm-token": (r"npm_[A-Za-z0-9]{36}(?![\w-])", "npm"),
    "pypi-token": (r"pypi-AgE[\w-]{50,}", "pyp"),
    "onward-token": (r"onw_[0-9a-f]{12}_[\w-]{43}(?![\w-])", "onw"),
    "jwt": (r"eyJ[\w-]{14,}\.eyJ[\w-]{14,}(?:\.[\w-]{10,}={0,2}|\.)?", "eyJ"),
    "groq-key": (r"gsk_[A-Za-z0-9]{40,}", "gsk"),
    "xai-key": (r"xai-[A-Za-z0-9]{40,}", "xai"),
    "perplexity-key": (r"pplx-[A-Za-z0-9]{40,}", "ppl"),
    "replicate-token": (r"r8_[A-Za-z0-9]{37}(?![\w-])", "r8_"),
    "digitalocean-token": (r"do[por]_v1_[a-f0-9]{64}", "dop doo dor"),
    "shopify-token": (r"shp(?:at|ca|pa|ss)_[a-fA-F0-9]{32}", "shp"),
    "linear-key": (r"lin_(?:api|oauth)_[A-Za-z0-9]{40,}", "lin"),
    "notion-token": (r"secret_[A-Za-z0-9]{43}(?![\w-])|ntn_[0-9]{11}[A-Za-z0-9]{35}", "sec ntn"),
    "figma-token": (r"figd_[\w-]{38,}", "fig"),
    "docker-token": (r"dckr_(?:pat|oat)_[\w-]{27,}", "dck"),
    "pulumi-token": (r"pul-[a-f0-9]{40}", "pul"),
    "postman-key": (r"PMAK-[a-fA-F0-9]{24}-[a-fA-F0-9]{34}", "PMA"),
    "rubygems-key": (r"rubygems_[a-f0-9]{48}", "rub"),
    "supabase-token": (r"sbp_[a-z0-9_-]{40,}|sb_secret_[\w-]{20,}", "sbp sb_"),
    "brevo-key": (r"xkeysib-[a-f0-9]{64}-[A-Za-z0-9]{16}", "xke"),
    "nvidia-key": (r"nvapi-[\w-]{60,}", "nva"),
    "tailscale-key": (r"tskey-[a-z]+-[\w-]{20,}", "tsk"),
    "square-token": (r"sq0(?:atp|csp)-[\w-]{22,}", "sq0"),
    "databricks-token": (r"dapi[a-f0-9]{32}(?:-\d)?(?![\w-])", "dap"),
    "age-key": (r"AGE-SECRET-KEY-1[A-Z0-9]{58}", "AGE"),
    "twilio-key": (r"SK[0-9a-f]{32}(?![\w-])", ""),
}
_SHAPES["twilio-key"] = (_SHAPES["twilio-key"][0], " ".join(f"SK{digit}" for digit in "0123456789abcdef"))

_SCANNER_PREFIXES = tuple(
    "ops_eyJ p8e- AIK_ AKCp cmVmd ATATT ABSK bedrock-api-key- BBDC- bkua_ bkaa_ bkaj_ bkar_ bkct_ bkpt_ cnvca csk- CCIPAT_ "
    "CLOJARS_ cfut_ cfat_ CCDB1_ ddp_ dvc_server_ apk_user_ SWMTKN-1- SWMKEY-1- duffel_ EZAK EZTK essu_ EAAM EAAC "
    "FLWSECK_TEST- fio-u- HRKU-AA ico- lsv2_ llx- mdb_sa_sk_ napi_ nyk_ os_v2_ pdl_live_apikey_ pcsk_ pina_ pscale_ polar_ "
    "phx_ pnu_ ramp_sec_ rzp_live_ rdme_ rnd_ rpa_ rootly_ tk-us- sgp_ sntrys_ sntryu_ sm_aat_ sm_pat_ sm_sat_ shippo_ "
    "tgp_v1_ unkey_ ucat_ vtwn_ vck_ vca_ vcr_ vci_ vcp_ waka_ wandb_v1_ xnd_production_ zpka_ A3-".split()
)
"""Prefixes of the shapes that are left to the scanner."""

_BY_HEAD: dict[str, list[str]] = {}
for _kind, (_, _heads) in _SHAPES.items():
    for _head in _heads.split():
        _BY_HEAD.setdefault(_head, []).append(_kind)
_SCANNER_HEADS = frozenset(prefix[:3] for prefix in _SCANNER_PREFIXES)

HEADS = frozenset(_BY_HEAD) | _SCANNER_HEADS
"""The first three characters of every run that may be a secret."""

_START = r"(?:(?<![\w.])|(?<=\\[nrt]))"
_LINKED_SHAPES = {
    "SG.": ("sendgrid-key", _START + r"SG\.[\w-]{16,}\.[\w-]{16,}"),
    "vs.": ("vault-token", _START + r"hvs\.[\w-]{90,}"),
    "vb.": ("vault-token", _START + r"hvb\.[\w-]{90,}"),
    "pt.": ("doppler-token", _START + r"dp\.pt\.[A-Za-z0-9]{40,}"),
    "29.": ("google-key", _START + r"ya29\.[\w-]{20,}"),
    "AQ.": ("google-key", _START + r"AQ\.Ab8[\w-]{40,}"),
    "01.": ("dynatrace-token", _START + r"dt0[a-z]01\.[A-Z0-9]{24}\.[A-Z0-9]{64}"),
    **{
        f"{tens}{ones}:": ("telegram-bot-token", r"(?<![0-9])\d{8,10}:A[\w-]{34}(?![\w-])")
        for tens in "0123456789"
        for ones in "0123456789"
    },
}
"""Shapes that start before their run, by the three characters before it."""

_BEARER_LINKS = ("er ", "ER ")

LINKS = frozenset((*_LINKED_SHAPES, *_BEARER_LINKS))
"""The three characters before a run that make it a candidate although its head does not."""


@cache
def _shape_pattern(kind: str) -> re.Pattern[str]:
    return re.compile(_SHAPES[kind][0])


@cache
def _linked_pattern(link: str) -> re.Pattern[str]:
    return re.compile(_LINKED_SHAPES[link][1])


@cache
def _bearer_pattern() -> re.Pattern[str]:
    return re.compile(r"(?=[^\s\"']{0,200}\d)[A-Za-z0-9._~+/-]{20,}=*")


def match_shape(text: str, start: int, end: int) -> Secret | None:
    """Return the secret whose run is *text[start:end]*: it may start before the run and end behind it."""
    head = text[start : start + 3]
    for kind in _BY_HEAD.get(head, ()):
        match = _shape_pattern(kind).match(text, start)
        if match:
            return Secret(start, match.end(), kind)
    if head in _SCANNER_HEADS and text.startswith(_SCANNER_PREFIXES, start) and any(map(str.isdigit, text[start:end])):
        return scan(text, start)
    link = text[start - 3 : start]
    if link in _LINKED_SHAPES:
        match = _linked_pattern(link).search(text, max(0, start - 11), min(len(text), end + 400))
        return Secret(match.start(), match.end(), _LINKED_SHAPES[link][0]) if match and match.start() < start < match.end() else None
    if text[start - 7 : start - 1].lower() == "bearer":
        match = _bearer_pattern().match(text, start)
        if match and not is_stand_in(match.group()):
            return Secret(start, match.end(), "bearer-token")
    return None
