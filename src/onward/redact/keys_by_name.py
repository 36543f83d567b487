"""Keys without a shape of their own: random values beside the name of a service."""

from __future__ import annotations

import re
from functools import cache

from onward.redact.secret import Secret
from onward.redact.urls import find_webhook, is_signature
from onward.redact.values import is_random

_SERVICES = frozenset(
    "abuseipdb adafruit adobe airtable aiven algolia algoliasearch alibaba aliyun amplitude apollo asaas asana assemblyai "
    "auth0 beamer bitbucket bitly bitrise bittrex browserstack bugsnag canva capella circleci civo clerk clickup cloudflare "
    "cloudinary codecov cohere coinbase configcat confluent contentful couchbase coveralls databento datadog datagov dd "
    "deepgram deepseek discord disqus dnkey droneci dropbox ebay elevenlabs endorlabs etsy exoscale facebook falai fastly "
    "finicity finnhub flickr freshbooks fullstory gitea gitter gocardless greptile gumroad heroku highnote honeycomb hub "
    "hubspot ibm influx infomaniak instantly intercom jumpcloud kagi kimi klaviyo kraken kucoin lark launchdarkly lighton "
    "linkedin logdna looker mailchimp mailgun mapbox mattermost mem0 meraki messagebird midtrans miro mistral mixpanel "
    "monday moonshot mux netlify newrelic newyorktimes ngrok nytimes okta ollama openweather opsgenie ovh pagerduty "
    "papertrail paypal pinecone plaid plivo postmark pubnub pusher rapidapi razorpay retell rollbar scaleway scalr scw "
    "segment sendbird sentry snowflake snyk sonar squarespace sslmate sumologic tableau telegr telegram "
    "telnyx travis twilio twitch twitter upstage upstash vercel virustotal voyage vultr wakatime wandb weatherstack woo "
    "woocommerce workos yandex zendesk zoho ".split()
)
"""Services whose keys have no shape of their own, mostly those of betterleaks."""

_RANDOM_LEAST = 20
_BEFORE_CHARS = 72


def match_run(text: str, start: int, end: int) -> Secret | None:
    """Return the random run *text[start:end]* when it is the value of a service's name, part of a webhook, a signature of an address, or of
    a private JSON web key.
    """
    mark = text[start - 1 : start]
    if mark == "$" and (match := _braintree().search(text, max(0, start - 60), start)) and match.end() == start:
        return Secret(match.start(), end, "paypal-token")
    if mark == "." and (match := _discord().search(text, max(0, start - 48), start)) and match.end() == start and end - start >= 27:
        return Secret(match.start(), end, "discord-token")
    if mark in _QUOTES and text[start - 2 : start - 1] not in _BEFORE_QUOTE:
        return None
    if mark == "." and (match := _dotted().search(text, max(0, start - 80), start)) and match.end() == start:
        return Secret(match.start(), end, "api-key")
    if mark not in _MARKS:
        return None
    before = text[max(0, start - _BEFORE_CHARS) : start]
    if mark == "/":
        return find_webhook(text, start, end)
    if before.endswith(('"d":"', '"d": "')) and end - start >= 40:
        return Secret(start, end, "private-key")
    if mark == " " and "alias set" in text[max(0, start - 160) : start] and is_random(text[start:end]):
        return Secret(start, end, "api-key")
    if mark == " " and text[start - 2 : start - 1] not in ("=", ":", ">", "|", ","):
        return None
    match = _named_backwards().match(before[::-1]) if end - start >= _RANDOM_LEAST else None
    if not match or not is_random(text[start:end]):
        return None
    words = set(_words().findall((match[1] or match[2])[::-1].lower()))
    if (words.isdisjoint(_SERVICES) and not is_signature(words, before[: -match.end()][-1:])) or not words.isdisjoint(_HARMLESS_WORDS):
        return None
    value_end = _value_end().match(text, end)
    return Secret(start, value_end.end() if value_end else end, "api-key")


_QUOTES = frozenset("\"'`")
_BEFORE_QUOTE = frozenset("=:(, [>|")
_MARKS = frozenset("\"'`=: />,|.$")
_HARMLESS_WORDS = frozenset(
    "id ids public publishable commit sha hash checksum digest version revision url account app site project".split()
)


@cache
def _dotted() -> re.Pattern[str]:
    return re.compile(r"(?<![A-Za-z0-9.])(?:pat[A-Za-z0-9]{14}|(?:pat|sat)\.[\w-]{22}\.[0-9a-f]{24}|[A-Za-z0-9]{14}\.atlasv1)\.$")


@cache
def _braintree() -> re.Pattern[str]:
    return re.compile(r"access_token\$(?:production|sandbox)\$[0-9a-z]{16}\$$")


@cache
def _discord() -> re.Pattern[str]:
    return re.compile(r"(?<![A-Za-z0-9.])[MNO][\w-]{23,25}\.[\w-]{6}\.$")


@cache
def _named_backwards() -> re.Pattern[str]:
    """A name and what assigns a value to it, or calls it with one; both read from the value back."""
    return re.compile(
        r"[\"'`]\\*(?:\s*,[^()\n]{0,40})?\((\w{2,30}[A-Za-z])"
        r"|(?:[\"'`]\\*)?[\s=]{0,3}(?:>=|=:|=\?|\|\||=|:|>|,)\s{0,3}[\])]?(?:[\"'`]\\*)?([\w.-]{1,40}[A-Za-z])"
    )


@cache
def _words() -> re.Pattern[str]:
    return re.compile(r"[a-z]+\d?")


@cache
def _value_end() -> re.Pattern[str]:
    return re.compile(r"[\w+/.=%-]{0,200}")
