"""Passwords in sentences: "the password for the mail server is …", in many languages."""

from __future__ import annotations

import re
from functools import cache

from onward.redact.secret import PLACEHOLDER_HEAD, Secret
from onward.redact.values import (
    has_digit,
    is_distinct_password,
    is_dotted_name,
    is_key,
    is_likely_password,
    is_long_random,
    is_password,
    is_random,
    is_stand_in,
    is_strong_password,
    mixing,
    wordiness,
)

_LONGEST_SENTENCE = 90
_MAX_WORDS = 10

_VERBS = frozenset(
    "is are was s ’s = : adalah ialah yaitu lautet ist est es é e è era är er je jest là هي هو है hai 是 为 為 は が 는 은 — – - -> => →".split()
)
"""Text between the word and the password; in many languages nothing does."""

_MARKS = ("`", '"', "'", "«", "“", "「", "*", "：", ":", "は", "是", "为", "為", "=")
"""Text right before a value that a word announces."""

_SPACED = (
    "парол пасс şifre parolanız mật_khẩu hasło lösenord contraseña κωδικ सीक्रेट कुंजी टोकन heslo adgangskode passord salasana "
    "mã_truy_cập jelszó парола лозинка пароль ключ_доступа пароля паролем rahasia klíč contraseñas şifresi parolası heslá slaptažodis "
    "hasła hasłem haśle heslách jelszót jelszóval lykilorð lykilorðið salasõna şifrə şifrəsi šifra šifru нууц_үг шифра пароліна парольдің "
    "şîfre peyva_nepenî okwuntụghe märksõna beassansátni loyniorð сырсөз сырсөзү серсүз купуя_сөз рамз mật_mã mã_pin "
    "aṣínà ìpamọ́ ñe'ẽñemi ключ_доступу συνθηματικ sandiné "
    "lozinku parolă fjalëkalimi құпиясөз құпия_сөз гасло пароли տիրագիր գաղտնաբառ პაროლი"
).split()
_JOINED = (
    "密码 密碼 口令 パスワード 暗証番号 合言葉 비밀번호 비번 암호 패스워드 كلمة_المرور كلمة_السر "
    "الرقم_السري पासवर्ड "
    "รหัสผ่าน סיסמ رمز_عبور رمزعبور گذرواژه پاس_ورڈ पासकोड "
    "কূটসংকেত পাসওয়ার্ড கடவுச்சொல் పాస్‌వర్డ్ ಪಾಸ್‌ವರ್ಡ್ പാസ്‌വേഡ് পাসকোড ពាក្យសម្ងាត់ "
    "ລະຫັດຜ່ານ စကားဝှက် 帐号密码 暗号 访问码 通行码 パスフレーズ パスコード 認証コード 비밀_번호 접속_암호 패스프레이즈 "
    "የይለፍ ይለፍ_ቃል ምስጢራዊ_ቃል ቃል_ምስጢር פאַראָל קוד_גישה קוד_כניסה وشەی_نهێنی تێپەڕەوشە پټنوم پاسورډ پاسورڊ پارول پسورد پسوورد पासवड ޕާސްވޯޑް "
    "પાસવર્ડ ਪਾਸਵਰਡ ପାସୱାର୍ଡ পাছৱৰ্ড මුරපදය ಪಾಸ್ವರ್ಡ್ పాస్వర్డ్ പാസ്വേഡ് གསང་ཚིག លេខសម្ងាត់ លេខកូដ ລະຫັດ รหัสลับ รหัสเข้า พาสเวิร์ด "
    "လျှို့ဝှက် 合い言葉 "
    "كلمة_مرور كلمة_سر الرمز_السري رمز_الدخول رمز_المرور باسورد الباسورد كلمه_المرور कूटशब्द पासफ़्रेज़ पास_वर्ड"
).split()
_KEYS = (
    "令牌 密钥 密鑰 シークレット トークン キー 시크릿 토큰 키 密匙 私钥 授权码 凭证 凭据 鍵 秘密鍵 認証情報 비밀키 인증키 인증정보 ключ токен секрет "
    "clé clés schlüssel khóa khoá مفتاح المفتاح توكن الرمز गुप्त कुंजी टोकन सीक्रेट anahtarı código código_de_acceso"
).split()
"""Words for a password that are not ASCII: those that spaces divide from others, and those of other scripts; and words for a key."""


def _spellings(word: str) -> tuple[str, ...]:
    text = word.replace("_", " ")
    return tuple(dict.fromkeys((text, text.capitalize(), text.upper())))


_SPACED_SPELLINGS = [spelling for word in dict.fromkeys(_SPACED) if not word.isascii() for spelling in _spellings(word)]
_KEY_SPELLINGS = [spelling for word in _KEYS for spelling in _spellings(word)]
SCRIPT_WORDS = [*_SPACED_SPELLINGS, *(word.replace("_", " ") for word in _JOINED), *_KEY_SPELLINGS]
KEY_WORDS = len(SCRIPT_WORDS) - len(_KEY_SPELLINGS)
"""The words from here on announce a key."""
SPACED_WORDS = len(_SPACED_SPELLINGS)
"""This many of `SCRIPT_WORDS` come first, and are no part of a longer word."""


def find_foreign(text: str, position: int, end: int, word: int) -> Secret | None:
    """Return the secret that *text[position:end]*, the word of this number in `SCRIPT_WORDS`, announces."""
    if word < SPACED_WORDS and text[position - 1 : position].isalpha():
        return None
    return find_announced(text, position, end, "password" if word < KEY_WORDS else "token")


def find_announced(text: str, position: int, end: int, name: str) -> Secret | None:
    """Return the password or key in the sentence that continues at *end*, behind the word that announces it; or right before it."""
    sentence = text[end : end + _LONGEST_SENTENCE]
    cut = _sentence_end().search(sentence)
    if cut:
        sentence = sentence[: cut.start()]
    kind = "password" if "pass" in name.lower() or name.lower().endswith(("pw", "pwd")) else "token"
    is_adjacent, words = False, 0
    for token in _token().finditer(sentence):
        raw = token.group()
        if raw.startswith(PLACEHOLDER_HEAD):
            is_adjacent = False
            continue
        stripped = _value().search(raw)
        if raw.rstrip(":：") != raw and not stripped:
            is_adjacent = True
            continue
        if stripped:
            value = stripped.group("value")
            is_marked = raw[: stripped.start("value")].endswith(_MARKS)
            is_call = raw[stripped.end("value") :].startswith("(")
            is_trace = _uuid().match(value) is not None and _trace_name().search(name) is not None
            if not is_call and not is_trace and _is_secret(value, kind=kind, is_adjacent=is_adjacent or is_marked):
                start = end + token.start() + stripped.start("value")
                whole = _whole_value().match(text, start) if is_adjacent or is_marked else None
                return Secret(start, start + max(len(value), len(whole["value"]) if whole else 0), kind)
        words += 1
        if words > _MAX_WORDS or raw.endswith((".", ";", "!", "?", "。")):
            break
        is_adjacent = raw.lower().strip("`'\"*") in _VERBS or raw.endswith((":", "：", "="))
    return _find_before(text, position) if kind == "password" else None


def _is_secret(value: str, *, kind: str, is_adjacent: bool) -> bool:
    if is_dotted_name(value):
        return False
    if kind == "password":
        is_far_digest = not is_adjacent and _hex_digits().match(value) is not None
        is_strong = is_strong_password(value) if is_adjacent else is_distinct_password(value)
        return not is_far_digest and (
            is_strong or (is_adjacent and (is_likely_password(value) or _digits().match(value) is not None)) or is_long_random(value)
        )
    if is_adjacent and _uuid().match(value):
        return True
    if not is_adjacent or len(value) < 16 or is_stand_in(value):
        return False
    if value.isalnum() and not value.islower() and is_key(value, is_quoted=True, in_env=False):
        return True
    return (
        is_random(value)
        and mixing(value) >= 0.3
        and wordiness(value) < 0.6
        and has_digit(value)
        and _key_characters().match(value) is not None
    )


def _find_before(text: str, position: int) -> Secret | None:
    """Return the password in "use … as the password"."""
    match = _as_password().search(text, max(0, position - 60), position)
    if match and match.end() == position and is_likely_password(match["value"]):
        return Secret(*match.span("value"), "password")
    return None


def find_login(text: str, end: int) -> Secret | None:
    """Return the password in "login admin / …" and "credentials: ayu / …"."""
    match = _login().match(text, end)
    if match and (is_strong_password(match["value"]) or (match[1] and is_likely_password(match["value"]))):
        return Secret(*match.span("value"), "password")
    return None


def find_account(text: str, position: int) -> Secret | None:
    """Return the password behind the name of the account that is announced at *position*."""
    match = _account().match(text, position)
    return Secret(*match.span("value"), "password") if match and is_strong_password(match["value"]) else None


def find_pin(text: str, end: int) -> Secret | None:
    """Return the digits of a passcode or PIN."""
    match = _pin().match(text, end)
    return Secret(*match.span(1), "password") if match else None


def find_groups(text: str, end: int) -> Secret | None:
    """Return the four groups of four letters behind a word for a password."""
    match = _groups().match(text, end)
    return Secret(*match.span(1), "password") if match and is_password(match[1], in_env=False) else None


def find_phrase(text: str, end: int) -> Secret | None:
    """Return the words of a passphrase or a seed phrase."""
    match = _phrase().match(text, end)
    if not match or len(match[2].split()) < (11 if match[1] == " " else 4) or _FUNCTION_WORDS.intersection(match[2].lower().split()):
        return None
    return Secret(*match.span(2), "password")


_FUNCTION_WORDS = frozenset("the is are to a an of and in for that this it with be on not or we you".split())


@cache
def _sentence_end() -> re.Pattern[str]:
    return re.compile(r"\n|\\n|[.!?;。！？]\s|[{}]")


@cache
def _token() -> re.Pattern[str]:
    return re.compile(r"\S+")


@cache
def _value() -> re.Pattern[str]:
    """The ASCII part of a token, without the punctuation around it."""
    return re.compile(r"(?P<value>[A-Za-z0-9!#$%&+=@^_~][A-Za-z0-9!#$%&*+=@^_~.:;?/-]{4,62}[A-Za-z0-9!#$%&+=@^_~]|[A-Za-z0-9]{6,64})")


@cache
def _hex_digits() -> re.Pattern[str]:
    return re.compile(r"[0-9a-f]{7,64}$")


@cache
def _trace_name() -> re.Pattern[str]:
    return re.compile(r"(?i)(?:request|trace|span|correlation|transaction|event|message|idempotency|client|job|page|csrf)[_-]?token$")


@cache
def _digits() -> re.Pattern[str]:
    return re.compile(r"\d{6,12}$")


@cache
def _uuid() -> re.Pattern[str]:
    return re.compile(r"(?i)[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}$")


@cache
def _whole_value() -> re.Pattern[str]:
    """All marks up to the blank behind a value, without the punctuation before it."""
    return re.compile(r"(?P<value>[!-~]{6,64}?)(?=[\"'`.,;:)!?*]{0,3}(?:[^!-~]|$))")


@cache
def _key_characters() -> re.Pattern[str]:
    return re.compile(r"[\w+/.-]+=*$")


@cache
def _as_password() -> re.Pattern[str]:
    return re.compile(
        r"[\"'`]?(?P<value>[^\s\"'`]{6,40})[\"'`]?\s+(?:(?:作为|当作)\s?|(?:as|als|comme|come|como|som|jako|kao|ako|ca|sebagai|jadi|как|як|като|као"
        r"|ως|σαν|olarak|\(?(?:that'?s|this is|it'?s|is))\s+)(?:the|a|my|its|your)?\s*(?:\w+\s)?$"
    )


@cache
def _login() -> re.Pattern[str]:
    return re.compile(r"((?:\s?(?:->|=|:|are|is|with|as))?)\s{1,3}[\w.@-]{2,40}\s?[/|]\s?[\"'`]?(?P<value>[^\s\"'`\\]{6,64})")


@cache
def _account() -> re.Pattern[str]:
    return re.compile(r"[A-Za-z]{4,8}(?:\s?(?:=|:|is|are))?\s{1,3}[\w.@-]{2,40}\s?[/|:]\s?[\"'`]?(?P<value>[^\s\"'`\\]{6,64})")


@cache
def _pin() -> re.Pattern[str]:
    return re.compile(r"\s{0,2}(?:is|=|:|は|：)?\s{0,2}(\d{4,8})(?![\w.,:-])")


@cache
def _groups() -> re.Pattern[str]:
    return re.compile(r"\w{0,24}(?:\s{0,2}[:=]|\sis)?\s{1,4}[\"'`]?([a-z]{4}(?: [a-z]{4}){3})(?![\w ]\w)")


@cache
def _phrase() -> re.Pattern[str]:
    return re.compile(r"([ ]?)\s{0,2}[:=]\s{0,2}\\*[\"'`]?((?:[a-z]{3,10} ){3,23}[a-z]{3,10})(?=\\*[\"'`]|\s*$|\s*\n|\s*\\n|\s*\|)")
