"""The words and marks that may give a secret away, all found in one pass over a text, and who judges each.

An Aho-Corasick automaton finds any number of them at the speed of one; a text without any is done with.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import TYPE_CHECKING

from onward.redact import commands, hashes, headers, neighbourhood, places, prose, shapes, urls
from onward.redact.names import NameJudge

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ahocorasick_rs import AhoCorasick, BytesAhoCorasick

    from onward.redact.secret import Secret

    Judge = Callable[[NameJudge, int], Secret | None]


def _in_text(find: Callable[[str, int], Secret | None]) -> Judge:
    return lambda names, position: find(names.text, position)


_NEEDLES: tuple[tuple[Judge, str], ...] = (
    # The judge of each needle, in lower case. `_` means a space.
    (NameJudge.judge_secret, "secret"),
    (NameJudge.judge_key, "key"),
    (NameJudge.judge_token, "token"),
    (NameJudge.judge_password, "pass"),
    (_in_text(headers.find_authorization), "auth"),
    (NameJudge.judge_short_password, "pwd psk pw cred"),
    (NameJudge.judge_pw, "pw"),
    (_in_text(headers.find_cookie), "cookie"),
    (NameJudge.judge_identified, "identified_by"),
    (NameJudge.judge_login, "login"),
    (NameJudge.judge_pin, "pin"),
    (NameJudge.judge_phrase, "phrase"),
    (NameJudge.judge_hash, "0$ 1$ 2$ 3$ 4$ 5$ 6$ 7$ 8$ 9$ a$ b$ y$"),
    (NameJudge.judge_foreign, "sandi laluan senha clave parol wachtwoord kennwort zugangsdaten hesl hasl mdp contrasen losenord"),
    (NameJudge.judge_foreign, "adgangskode salasan salason jelsz sifr lozink geslo slaptazod mat_khau wagwoord nenosiri pasahitz"),
    (NameJudge.judge_foreign, "contrasinal pasvort modpas passwuert yfrinair pasfhocal facal_fai facal-fai nywila iphasiwedi phasewete"),
    (
        NameJudge.judge_foreign,
        "ereyga_s furaha_s kalmar_s kalimar_s ijambo teny_mia kupu_h kupuh ger_tre ger-tre ger_kuz ger-kuz wachtwurd",
    ),
    (NameJudge.judge_foreign, "kontraseny hudyat loyniord lykilord kelma_sig tembung_san kecap_kon kecap_san losen motpas parolla matkhau"),
    (NameJudge.judge_foreign, "bimil_beon bimilbeon kodikos kalimat_al kalimat_as ramz"),
    (NameJudge.judge_foreign, "kodeord zapork fjalekalim tunnussana parool"),
    (_in_text(commands.find_flag_argument), "_-u _-p _-a _-x _-w _-n _-c _-k _-s_ _-t_"),
    (_in_text(urls.find_password), "@"),
    (
        _in_text(places.find_call_argument),
        "connection( connect( pdo( mysqli( credential( credentials( auth( authenticate( login( signin( ftp(",
    ),
    (
        _in_text(places.find_call_argument),
        "hash( hashpw( sign( jwt.encode( hmac( hmac.new( fernet( parser( stripe( user( password( encrypt( decrypt( verify(",
    ),
    (_in_text(places.find_handed_over), "<<<_ echo_ printf_"),
    (_in_text(places.find_windows_flag), "/p: /p_ /pass /rp"),
    (NameJudge.judge_hash, "{sha {ssha {smd5 {md5 {crypt {plain {clear"),
    (_in_text(commands.find_piped), "-token secret_put secret_set env_add -stdin _login"),
    (_in_text(places.find_secure_string), "securestring_"),
    (_in_text(places.find_community), "community"),
    (_in_text(places.find_code), "_code"),
    (_in_text(places.find_between_stars), '_*_"'),
    (_in_text(places.find_azure_secret), "0q~ 1q~ 2q~ 3q~ 4q~ 5q~ 6q~ 7q~ 8q~ 9q~"),
    (_in_text(places.find_password_file_field), "5432: 3306: 6432: *:"),
    (_in_text(places.find_user_pair), "user"),
    (_in_text(places.find_set_value), "config_"),
    (_in_text(places.find_cookie_argument), "_-b_"),
    (_in_text(neighbourhood.find_literal), ",_\" ,_' ,' (' (\""),
    (_in_text(neighbourhood.find_quoted_argument), "_'"),
    (_in_text(prose.find_account), "account akun compte cuenta konto"),
    (_in_text(neighbourhood.find_alone), " ".join(mark + behind for mark in "!#%^" for behind in "abcdefghijklmnopqrstuvwxyz0123456789")),
    (_in_text(places.find_identified), "identify_"),
    (_in_text(hashes.find_scram), "scram-sha-"),
    (_in_text(places.find_masked), "add-mask::"),
    (_in_text(places.find_code_value), "code= code\" code: code' code_verifier"),
    (NameJudge.judge_word, "salt pepper unseal apikey accesskey samlresponse credenc credenz creden identifiant geheim"),
    (NameJudge.judge_misspelt, "passw pasw pssw pwassw"),
    (NameJudge.judge_neighbour, "gegevens segredo secreto segreto geheim schluessel passnya kredensial kode_akses"),
    (
        NameJudge.judge_neighbour,
        "kunci chave chiave sleutel anahtar jeton bearer llave otp_ totp mfa unlock encrypt decrypt sign_in log_in wifi vault webhook",
    ),
    (NameJudge.judge_neighbour, "wi-fi obscure add_user adduser setuser superuser createuser"),
)
_TELLING = frozenset(
    (
        *"secret key token pass auth pwd psk pw cred cookie login identified_by".split(),
        *"salt pepper unseal apikey accesskey samlresponse credenc credenz creden identifiant geheim".split(),
        *(needle for judge, needles in _NEEDLES if judge is NameJudge.judge_foreign for needle in needles.split()),
    )
)
"""Words behind which a value that looks like nothing but a secret is one, whatever is between."""
_IS_TELLING = [needle in _TELLING for _, needles in _NEEDLES for needle in needles.split()]
_PREFIXES = sorted({prefix.lower() for prefix in shapes.DISTINCT_PREFIXES})
_TEXTS = [*(needle.replace("_", " ") for _, needles in _NEEDLES for needle in needles.split()), *_PREFIXES]
_JUDGES = [*(judge for judge, needles in _NEEDLES for _ in needles.split()), *(_in_text(shapes.match_prefix) for _ in _PREFIXES)]


def judge_all(text: str, lowered: bytes) -> Iterator[Secret]:
    """Yield the secrets that a needle in *text* gives away; *lowered* is one byte of lower case for each of its characters."""
    matches = _ascii_needles().find_matches_as_indexes(lowered, overlapping=True)
    if not matches and text.isascii():
        return
    names = NameJudge(text)
    has_lines = "\n" in text
    for index, position, end in matches:
        secret = _JUDGES[index](names, position)
        if secret is None and index < len(_IS_TELLING) and _IS_TELLING[index]:
            secret = names.judge_neighbour(position, end)
            if secret is None and has_lines:
                yield from names.judge_column(position, end)
        if secret:
            yield secret
    if not text.isascii():
        for index, position, end in _script_needles().find_matches_as_indexes(text):
            if secret := prose.find_foreign(text, position, end, index) or names.judge_neighbour(position, end):
                yield secret


def has_telling_word(text: str) -> bool:
    """Return whether *text* has a word or mark that may give a secret away; all others are passed over."""
    lowered = text.encode("ascii", "replace").lower()
    return bool(_ascii_needles().find_matches_as_indexes(lowered, overlapping=True) or _script_needles().find_matches_as_indexes(text))


@cache
def _ascii_needles() -> BytesAhoCorasick:
    from ahocorasick_rs import BytesAhoCorasick, Implementation

    return BytesAhoCorasick([text.encode() for text in _TEXTS], implementation=Implementation.DFA)


@cache
def _script_needles() -> AhoCorasick:
    from ahocorasick_rs import AhoCorasick, Implementation

    return AhoCorasick(prose.SCRIPT_WORDS, implementation=Implementation.DFA)
