"""The patterns of names and of the values that they announce, compiled on first use.

They match in the plain view of a text, in which nearly all escapes are gone; all repetitions are bounded or possessive, so that a hostile
text costs its length.
"""

from __future__ import annotations

import re
from functools import cache


@cache
def password_name() -> re.Pattern[str]:
    """The word for a password, to its end."""
    return re.compile(r"(?i:pass(?:[_ -]?(?:word|phrase)(?:-?nya|et|en)?|wd|w|code|key|wort|e|ord|nya)?)(?![a-z]|(?<=[A-Z])[A-Z])")


@cache
def secret_word() -> re.Pattern[str]:
    """Words for a secret beside those that are needles of their own judge."""
    return re.compile(r"(?i:salt|pepper|unseal|api_?keys?|access_?keys?|samlresponse|cred[a-z]*|identifiants?|geheim[a-z]*)")


@cache
def secret_key_before() -> re.Pattern[str]:
    """What makes the key behind it secret, a word apart."""
    return re.compile(
        r"(?i)(?:encrypt\w*|decrypt\w*|private|secret|master|wallet|sign(?:ed|ing)) (?:with |by |using |the |a |our |this |hex |aes |root ){0,4}$"
        r"|(?:set-?up|manual(?: entry)?|two-?factor|[2m]fa|t?otp|authenticator|recovery|enrol+ment) $"
        r"|(?:crypt|encryption|jwt|signing|auth|api|hmac|secret)[\"'`]?\s{0,2}(?:=>|[:=])\s{0,2}[\[{]\s{0,8}[\"'`]?$"
    )


@cache
def grouped_key() -> re.Pattern[str]:
    """A key to type into another device, in groups of four letters and digits, or of six digits."""
    groups = (r"(?:[a-z2-7]{4}[ -]){3,15}[a-z2-7]{4}", r"(?:[A-Z0-9]{4}[ -]){3,15}[A-Z0-9]{4}", r"(?:\d{6}-){7}\d{6}")
    return re.compile(rf"[\"'`*]?(?: is)?[:=]? ?\s{{0,2}}(?P<value>{'|'.join(groups)})(?![\w-])")


@cache
def misspelt() -> re.Pattern[str]:
    """A word for a password with two letters exchanged, or one missing."""
    return re.compile(r"(?i:passwrod|passowrd|passwodr|passwrd|passwor|paswword|pasword|paswrod|psswrd|pssword|pwassword)(?![a-z])")


@cache
def short_password_name() -> re.Pattern[str]:
    """A short word for a password, or for credentials, to its end."""
    return re.compile(r"(?i:(pwd|psk|pw)|creds?|credentials?)(?![a-z]|(?<=[A-Z])[A-Z])")


_QUOTED = r"[bfrNu@]?(?P<quote>\\*[\"'`])(?P<quoted>(?:(?!(?P=quote))[^\s\\]){6,4096}|(?:[a-z]{4} ){3}[a-z]{4})(?P=quote)"


@cache
def assignment() -> re.Pattern[str]:
    """What follows the telling part of a name: the rest of the name, an operator, and a quoted value or the start of a bare one."""
    return re.compile(
        r"(?P<rest>\w{0,24})(?:[ ]#?\d{1,2}(?=:))?(?:\\*[\"'`*]){0,2}\]?\)?"
        r"(?P<operator>[ \t]{0,4}(?::[ \t]{0,2}[&\w.\[\]<>| ]{1,24}=|:?[ ]{0,2}\|\||\?\?|=>|:=|={1,3}|:)"
        r"(?:[ \t]{0,4}\*{0,2}[ \t]{0,4}|\s{0,12}(?=[bfrNu@]?[\"'`])|[ ]?[|>][+-]?\r?\n[^\w\n]{0,24}(?:\d{1,5}[^\w\n]{1,4})?)|[ ](?=\S))"
        r"(?:" + _QUOTED + r"|(?=[^=\s\"'`\\,;)(\]}\[<>|&\x1b]))"
    )


@cache
def long_token() -> re.Pattern[str]:
    """A token that is long enough for a key."""
    return re.compile(r"[\w+/.-]{16}")


@cache
def rest() -> re.Pattern[str]:
    """The rest of a name behind its telling part."""
    return re.compile(r"\w{0,24}")


_VALUE = r"(?P<quote>\\*[\"'`])(?P<value>(?:(?!(?P=quote))[^\s\\]){6,400})(?P=quote)"


_BELOW = r"\r?\n[^\n]{0,60}?\b(?:value|default|secret):[ ]{1,4}\\*[\"']?(?P<value>[^\s\"'\\]{6,400})"
_FORMS: dict[str, tuple[str, ...]] = {
    # By the first character behind the name: what comes before the value.
    "quote": (
        # getenv("DB_PASSWORD", "…"), define('DB_PASSWORD', '…')
        r"\\*[\"'`]\s{0,2},\s{0,20}(?:\w{1,20}\s{0,2}[=:]\s{0,2})?" + _VALUE,
        # ["password"]=> string(12) "…"
        r"\\*[\"']\]\s{0,2}=>\s{1,8}string\(\d+\)\s" + _VALUE,
        # <entry key="password">…</entry>
        r"\\*[\"'][^<>\n]{0,40}>(?:<value>)?(?P<value>[^<>\s]{6,400})</",
        # getByLabel('Password').fill('…')
        r"\\*[\"'`]\){1,2}(?:\.\w{1,20}\(\)){0,2}\.(?:fill|type|send_keys|sendKeys|setValue|input|press_sequentially)\(" + _VALUE,
        # ENV['JWT_SECRET'] || '…'
        r"\\*[\"'`]\]?\)?\s{0,2}(?:\|\||\?\?|or)\s{0,2}" + _VALUE,
        # <add key="DbPassword" value="…"/>, <input type="password" value="…">
        r"\\*[\"'][^<>\n\"']{0,20}(?:[\w-]{1,20}=\\*[\"'][^<>\"'\n]{0,40}\\*[\"'][^<>\"'\n]{0,20}){0,4}\bvalue=" + _VALUE,
        # variable "db_password" { default = "…"
        r"\\*[\"']\s{0,2}\{\s{0,20}default\s{0,4}=\s{0,4}" + _VALUE,
        # {"name": "DB_PASSWORD", "value": "…"}
        r"\\*[\"'],?\s{0,12}\\*[\"']?(?:[Vv]alue|default|val|text|content|secret|data)\\*[\"']?\s{0,2}[:=]\s{0,2}" + _VALUE,
        # expect "Password:" and send "…"
        r"\\*[\"']\s{1,12}send\s+\"(?P<value>[^\s\"\\]{4,80})",
    ),
    # page.type('input[name=password]', '…')
    "]": (
        r"\]\\*[\"'`]\s{0,2},\s{0,2}" + _VALUE,
        r"\]\\*[\"'`]\){1,2}\.\w{1,20}\(" + _VALUE,
    ),
    "(": (
        # setPassword("…"), PASSWORD('…')
        r"\([bfrNu@]?" + _VALUE + r"[,)]",
        # NetworkCredential("ayu", "…"), SetBasicAuth("ayu", "…")
        r"\([^()\n]{0,80},\s{0,2}" + _VALUE + r"[,)]",
    ),
    " ": (
        # | DB password | … |
        r"[ \t]{1,40}\|[ \t]{1,20}[\"'`]?(?P<value>[^\s\"'`|]{6,400})[\"'`]?[ \t]{1,40}(?:\||$|\n)",
        # process.env.JWT_SECRET || '…'
        r"\s{0,2}(?:\|\||\?\?|or)\s{0,2}" + _VALUE,
        # PASSWORD '…' in SQL and configuration
        r"[ \t]{1,4}N?" + _VALUE,
        # password = String::from("…")
        r"\s{0,2}:?=\s{0,2}(?:new )?[A-Za-z][\w.:]{0,30}\([bru]?" + _VALUE,
        # {"password"     : '…'} in columns
        r"[ \t]{5,40}[=:][ \t]{0,10}" + _VALUE,
    ),
    # - name: DB_PASSWORD, and below it, value: …
    "\n": (_BELOW,),
    "\r": (_BELOW,),
    # <password>…</password>, <key>APIToken</key><string>…</string>
    ":": (
        r":\s?(?:new )?[A-Za-z][\w.:]{0,30}\([bru]?" + _VALUE,
        # "Password:" and send "…"
        r":\s?\\*[\"']\s{1,12}send\s+\"(?P<value>[^\s\"\\]{4,80})",
    ),
    "=": (r"=\s?(?:new )?[A-Za-z][\w.:]{0,30}\([bru]?" + _VALUE,),
    ">": (r">(?:\s{0,40}<[A-Za-z]{1,20}>|<!\[CDATA\[)?(?P<value>[^<>\s\]]{6,400})(?:\]\]>)?</",),
    "<": (r"</key>[^<]{0,60}<string>(?P<value>[^<>\s]{6,400})</",),
    # INSERT INTO users (name, password) VALUES ('ayu', '…')
    ")": (r"\)\s{0,4}VALUES\s{0,4}\((?:[^()]{0,200},\s{0,2})?" + _VALUE + r"\)",),
}


@cache
def other_forms(mark: str) -> tuple[re.Pattern[str], ...]:
    """Return the patterns of a value in calls, fallbacks and markup, by the character behind its name."""
    return tuple(re.compile(pattern) for pattern in _FORMS.get("quote" if mark in "\"'`" else mark, ()))


@cache
def bare_value() -> re.Pattern[str]:
    """A value without quotes."""
    return re.compile(r"[^\s\"'`\\,;)(\]}\[<>|&\x1b]++")


@cache
def first_name() -> re.Pattern[str]:
    """The start of a line up to the value of the first name on it."""
    return re.compile(r"[ \t>|+\d:\u2192-]{0,24}(?:export |set |- )?[\"']?[\w.-]{1,40}[\"']?[ \t]{0,8}[:=][ \t]{0,8}")


@cache
def rest_of_line() -> re.Pattern[str]:
    """A value without blanks that ends its line."""
    return re.compile(r"(?P<value>[^\s\"'`\\\x1b]{6,64})[ \t]{0,8}(?=\r?\n|$)")


@cache
def env_value() -> re.Pattern[str]:
    """A value without quotes in an environment file, in which most marks are plain."""
    return re.compile(r"[^\s\"'`\\;\x1b]++")


@cache
def connection_value() -> re.Pattern[str]:
    """A value in a list with semicolons, in which all other marks are plain."""
    return re.compile(r"\{[^}\s\"']{4,80}\}|[^\s\"'`\\\x1b]{4,80}?(?=;\s?[A-Za-z][\w. ]{0,40}=|;?(?:[\s\"'`\\]|$))")


@cache
def identified() -> re.Pattern[str]:
    """`IDENTIFIED BY` in SQL."""
    return re.compile(r"(?i)identified by\s+(?:password\s+|values\s+)?(?P<quote>\\*[\"']|)(?P<value>[^\s\\;\"']{4,200})")


@cache
def joined_pass_name() -> re.Pattern[str]:
    """Names that end in `pass` without a separator."""
    return re.compile(
        r"(?i)(?:require|store|key|trust|ssh|master|db|root|admin|user|http|smtp|ftp|ldap|redis|mysql|pg|my|proxy|mail|vnc|bind)pass$"
    )


@cache
def joined_pass_value() -> re.Pattern[str]:
    """What follows such a name."""
    return re.compile(r"(?:[ =]|(?:\\*[\"'`])?\]?[ \t]{0,4}(?:=>|:=|[=:,])[ \t]{0,4})(?P<quote>\\*[\"'`])?(?P<value>[^\s\"'\\]{6,200})")


@cache
def pin_word() -> re.Pattern[str]:
    """The word PIN with what announces its value."""
    return re.compile(r"(?:PIN|[Pp]in)(?: code)?(?=\s{0,2}(?:is|=|:))")


@cache
def pw_before() -> re.Pattern[str]:
    """What may come before the name `pw`."""
    return re.compile(r"(?:^|[\s\"'`(\[{,;>\u2192|:+-])(?:[A-Za-z]{2,16}[_-]){0,3}$")


@cache
def pw_value() -> re.Pattern[str]:
    """The name `pw` with what announces its value."""
    return re.compile(r"(?i:pw)(?:\\*[\"'`])?\]?\s{0,4}(?:=>|:=|=|:|(?<=[\"' ])|is\s)")


@cache
def foreign_word() -> re.Pattern[str]:
    """Words for a password, or for credentials, in languages written in ASCII."""
    return re.compile(
        r"(?i)(?:kata )?(?:sandi|laluan)(?:nya|n?ku|mu|n?e|kami|kita)?|senha|clave(?: de acceso)?|parol(?:a d'ordine|[aeiu]\w{0,4}|ni)?|wachtwoord|kennwort"
        r"|hesl[aeo]\w{0,3}|hasl[aeo]\w{0,3}|mdp|zugangsdaten|contrasen(?:y?as?|al)|losenord(?:et)?|adgangskoden?|salas(?:ana|ona)\w{0,5}"
        r"|jelsz[ao]\w{0,5}|sifre\w{0,4}|sifr[aeu]|lozink[aeu]|geslo|slaptazod\w{1,4}|mat khau|wagwoord|nenosiri|pasahitz\w{0,4}"
        r"|contrasinal|pasvorto\w{0,2}|modpas|passwuert|(?:c|g|ngh|ch)?yfrinair|(?:bh)?pasfhocal|facal[ -]faire|nywila|iphasiwedi|phasewete"
        r"|(?:ereyga|furaha) sirta|kali?mar sirri|ijambo ?ry?.?i?banga|teny miafina|kupu ?(?:huna|hipa)|ger[ -](?:tremen|kuzh)|wachtwurd"
        r"|kontrasenyas|hudyat|loyniord|lykilord\w{0,2}|kelma sigrieta|tembung sandhi|kecap (?:konci|sandi)|losen(?:et)?|motpas|parolla"
        r"|mat ?khau|bimil ?beonho|kodikos|kalimat (?:al|as)[- ]?\w{3,7}|ramz(?:-e)? \w{3,6}|kode?ordet?|zapork[aeu]|fjalekalim\w{0,3}|parool\w{0,2}|tunnussana\w{0,4}"
    )


@cache
def login_call() -> re.Pattern[str]:
    """A call of `login` with a name and a password."""
    return re.compile(
        r"(?i)login\(\s{0,2}[\"'][^\"'\n]{1,60}[\"'],\s{0,2}(?P<quote>[\"'])(?P<value>(?:(?!(?P=quote))[^\s]){6,200})(?P=quote)"
    )


@cache
def login_value() -> re.Pattern[str]:
    """A key behind `login`."""
    return re.compile(r"(?i:login)(?:[ ]?=[ ]?|[ ])\\*[\"']?(?P<value>[\w+/.-]{20,200}={0,2})(?=[\s\"'\\]|$)")
