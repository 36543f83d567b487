"""Redaction: what is removed, what stays, and the form of a placeholder."""

from __future__ import annotations

import base64
import hashlib
import json
import random
import re
import string
import subprocess
import sys
import uuid
from collections.abc import Callable

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from onward.core.transcript.transcript import ToolCall, ToolResult, Turn
from onward.redact import DISTILL_KEY, Redactor

CHANCE = random.Random(20)
LETTERS_AND_DIGITS = string.ascii_letters + string.digits
HEX = "0123456789abcdef"
PLACEHOLDER = re.compile(r"\[secret:[a-z0-9-]+:[0-9a-f]{8}\]")

redactor = Redactor(DISTILL_KEY)


def url(scheme: str, userinfo: str, rest: str) -> str:
    return f"{scheme}://{userinfo}@{rest}"


def some(length: int, alphabet: str = LETTERS_AND_DIGITS) -> str:
    """Return random characters with a digit, a small and a capital letter if the alphabet has them."""
    while True:
        text = "".join(CHANCE.choices(alphabet, k=length))
        wanted = [each for each in (string.digits, string.ascii_lowercase, string.ascii_uppercase) if set(each) & set(alphabet)]
        if all(set(each) & set(text) for each in wanted):
            return text


def key_block(name: str, newline: str = "\n") -> str:
    lines = [some(64, LETTERS_AND_DIGITS + "+/") for _ in range(6)]
    return newline.join([f"-----BEGIN {name}-----", *lines, some(40) + "==", f"-----END {name}-----"])


def jwt() -> str:
    parts = ({"alg": "HS256", "typ": "JWT"}, {"sub": some(12), "iat": 1_700_000_000})
    head = [base64.urlsafe_b64encode(json.dumps(part).encode()).decode().rstrip("=") for part in parts]
    return ".".join([*head, some(43, LETTERS_AND_DIGITS + "_-")])


# Built from parts, so that no scanner takes them for real secrets.
SHAPES: dict[str, str] = {
    "aws-access-key": "AK" + "IA" + some(16, string.ascii_uppercase + "234567"),
    "github-token": "gh" + "p_" + some(36),
    "onward-token": "on" + "w_" + some(12, HEX) + "_" + some(43, LETTERS_AND_DIGITS + "_-"),
    "github-oauth": "gh" + "o_" + some(36),
    "github-app": "gh" + "s_" + some(36),
    "github-fine-grained": "github" + "_pat_" + some(22) + "_" + some(59),
    "gitlab": "gl" + "pat-" + some(20, LETTERS_AND_DIGITS + "_-"),
    "slack": "xo" + "xb-" + some(12, string.digits) + "-" + some(12, string.digits) + "-" + some(24),
    "stripe": "sk" + "_live_" + some(24),
    "stripe-restricted": "rk" + "_live_" + some(24),
    "openai": "sk" + "-" + some(48),
    "openai-project": "sk" + "-proj-" + some(74, LETTERS_AND_DIGITS + "_-") + "T3Blbk" + "FJ" + some(74, LETTERS_AND_DIGITS + "_-"),
    "anthropic": "sk" + "-ant-api03-" + some(93, LETTERS_AND_DIGITS + "_-") + "AA",
    "google": "AI" + "za" + some(35, LETTERS_AND_DIGITS + "_-"),
    "hugging-face": "hf" + "_" + some(34, string.ascii_letters),
    "npm": "np" + "m_" + some(36),
    "pypi": "py" + "pi-AgEIcHlwaS5vcmc" + some(80, LETTERS_AND_DIGITS + "_-"),
    "sendgrid": "S" + "G." + some(22) + "." + some(43),
    "telegram": some(10, "123456789") + ":A" + "A" + some(33),
    "twilio": "S" + "K" + some(32, HEX),
    "jwt": jwt(),
    "digitalocean": "do" + "p_v1_" + some(64, HEX),
    "figma": "fig" + "d_" + some(40),
    "left to the scanner": "ph" + "x_" + some(43),
    "left to the scanner too": "ls" + "v2_pt_" + some(32, HEX) + "_" + some(10, HEX),
}
CONTEXTS: dict[str, Callable[[str], str]] = {
    "alone": "{}".format,
    "prose": "I used {} for the call, and it worked.".format,
    "end of a sentence": "The key is {}.".format,
    "backticks": "Set it to `{}` in the dashboard".format,
    "json": lambda secret: json.dumps({"value": secret, "next": 1}),
    "json in json": lambda secret: json.dumps(json.dumps({"stdout": f"first\n{secret}\nlast"})),
    "env": "export SOME_THING={}\nPORT=3000".format,
    "yaml": "thing:\n  value: {}\n  port: 3000".format,
    "url": "https://example.org/callback?code={}&state=4".format,
    "shell": "curl -H 'X-Thing: {}' https://example.org".format,
    "after a word not of ASCII": "clé : {} — voilà".format,
}


@pytest.mark.parametrize("context", CONTEXTS)
@pytest.mark.parametrize("kind", SHAPES)
def test_known_shapes_are_redacted_anywhere(kind: str, context: str) -> None:
    secret = SHAPES[kind]
    text = CONTEXTS[context](secret)
    clean = redactor.text(text)
    assert secret not in clean
    assert len(PLACEHOLDER.findall(clean)) == 1
    before, _, after = text.partition(secret)
    assert clean.startswith(before)
    assert clean.endswith(after)


@pytest.mark.parametrize("name", ["PRIVATE KEY", "RSA PRIVATE KEY", "EC PRIVATE KEY", "OPENSSH PRIVATE KEY", "ENCRYPTED PRIVATE KEY"])
@pytest.mark.parametrize("newline", ["\n", "\r\n", "\\n", "\\\\n"])
def test_private_key_blocks_are_redacted_completely(name: str, newline: str) -> None:
    block = key_block(name, newline)
    assert re.fullmatch(r"before \[secret:private-key:[0-9a-f]{8}\] after", redactor.text(f"before {block} after"))


def test_a_key_block_cut_short_goes_as_far_as_it_reaches() -> None:
    block = key_block("RSA PRIVATE KEY").rpartition("\n")[0]
    clean = redactor.text(f"cat key.pem\n{block}\n[truncated]")
    assert not any(line in clean for line in block.splitlines()[1:])
    assert clean.startswith("cat key.pem\n")
    assert clean.endswith("[truncated]")


@pytest.mark.parametrize("newline", ["\n", "\\n"])
def test_a_key_block_whose_beginning_was_cut_off_goes_as_far_as_it_reaches(newline: str) -> None:
    block = key_block("RSA PRIVATE KEY", newline).partition(newline)[2]
    assert re.fullmatch(r"\[truncated\] \[secret:private-key:[0-9a-f]{8}\] after", redactor.text(f"[truncated] {block} after"))


def test_a_pgp_private_key_block_is_redacted() -> None:
    block = key_block("PGP PRIVATE KEY BLOCK")
    assert redactor.text(block).startswith("[secret:private-key:")


PASSWORD = some(14) + "!"
AWS_SECRET = some(40, LETTERS_AND_DIGITS + "+/")
ASSIGNMENTS = [
    ("AWS_SECRET_ACCESS_KEY={}", AWS_SECRET),
    ("aws_secret_access_key = {}\nregion = eu-west-1", AWS_SECRET),
    ("AWS_SECRET_ACCESS_KEY={}", "/" + AWS_SECRET[1:]),
    ("export DB_PASSWORD={}", PASSWORD),
    ("DB_PASSWORD='{}'", PASSWORD),
    ('{{"password": "{}"}}', PASSWORD),
    ('{{\\"password\\": \\"{}\\"}}', PASSWORD),
    ("password: {}\nuser: app", PASSWORD),
    ("spring.datasource.password={}", PASSWORD),
    ('const dbPassword = "{}";', PASSWORD),
    ("POSTGRES_PASSWORD: {}", PASSWORD),
    ("SMTP_PASS={}", PASSWORD),
    ("mysql --user app --password={} shop", PASSWORD),
    ("tool login --token {}", some(32)),
    ("DB_PASSWORD" + "=with&(odd)|{}\nNEXT=1", PASSWORD),
    ("API_KEY={}", some(32)),
    ('api_key: "{}"', some(32)),
    ('"apiKey": "{}",', some(32)),
    ("X-Api-Key: {}", some(32)),
    ('client_secret = "{}"', some(40)),
    ("SECRET_KEY = '{}'", some(50)),
    ("JWT_SECRET={}", some(24)),
    ("GITHUB_TOKEN={}", some(40, HEX)),
    ("//registry.example.org/:_authToken={}", some(36)),
    ('sessionToken: "{}"', some(40)),
    ("PRIVATE-TOKEN: {}", some(20)),
    ("ENCRYPTION_KEY={}", some(64, HEX)),
    ("Authorization: Bearer {}", some(40)),
    ('"authorization": "Bearer {}"', some(24)),
    ("-H 'Authorization: Basic {}'", base64.b64encode(b"app:" + PASSWORD.encode()).decode()),
    ("curl --oauth2-bearer x -H 'authorization: token {}'", some(40, HEX)),
    ("GET https://a.example/hooks?Authorization=Bearer%20{}&page=2", some(24)),
    ("the log shows Bearer {} in clear", some(40, LETTERS_AND_DIGITS + "._-")),
    ("postgres://app:{}@db.example.org:5432/shop", PASSWORD),
    ("DATABASE_URL=postgresql+psycopg://app:{}@localhost/shop?sslmode=disable", PASSWORD),
    ("mysql://root:{}@127.0.0.1:3306/x", PASSWORD),
    ('"mongodb+srv://app:{}@cluster0.example.net/x?retryWrites=true"', PASSWORD),
    ("redis://:{}@cache:6379/0", PASSWORD),
    ("amqps://app:{}@queue/vhost", PASSWORD),
    ("https://app:{}@git.example.org/x.git", PASSWORD),
    ("postgres://app:p@rt{}@db/shop", PASSWORD),
]


@pytest.mark.parametrize(("template", "secret"), ASSIGNMENTS)
def test_values_with_telling_names_are_redacted(template: str, secret: str) -> None:
    text = template.format(secret)
    clean = redactor.text(text)
    assert secret not in clean
    assert PLACEHOLDER.search(clean)
    assert PLACEHOLDER.sub("", clean) in text.replace(secret, "") or clean.startswith(text[: text.find(secret)][:12])


@pytest.mark.parametrize(
    "sentence",
    [
        "hasłem do serwera jest {}",
        "a szerver jelszavát {} értékre állítottam",
        "s heslem {} to jde",
        "die wagwoord is {}",
        "nenosiri la seva ni {}",
        "serveri salasõna on {}",
        "contrasenya: {}",
        "zerbitzariaren pasahitza {} da",
        "lykilorðið er {}",
        "kodeordet er {}",
        "zaporka je {}",
        "šifra za server je {}",
        "parool on {}",
        "serverin şifrəsi {}",
    ],
)
def test_an_inflected_word_for_a_password_announces_it(sentence: str) -> None:
    password = "k7-Vq2" + ".mXw9"
    assert password not in redactor.text(sentence.format(password))
    harmless = sentence.format("12345")[: sentence.index("{")] + "12 znakov"
    assert redactor.text(harmless) == harmless


@pytest.mark.parametrize("name", ["setup key", "Two-factor key", "authenticator key", "recovery key"])
def test_a_key_to_type_in_is_redacted_in_groups_too(name: str) -> None:
    whole = "HDMECM5ZYHRI" + "FDG52ZZGJUX34CTVQFPC"
    grouped = " ".join(whole[place : place + 4].lower() for place in range(0, len(whole), 4))
    for key in (whole, grouped, grouped.upper(), grouped.upper().replace(" ", "-")):
        clean = redactor.text(f"Enter this {name}: {key}")
        assert clean.startswith(f"Enter this {name}: [secret:")
        assert not any(group in clean for group in key.split())
    harmless = f"The {name}: they must have four more"
    assert redactor.text(harmless) == harmless


def test_only_the_password_of_a_url_is_redacted() -> None:
    assert re.fullmatch(
        url("postgres", rf"app:{PLACEHOLDER.pattern}", r"db\.example\.org:5432/shop"),
        redactor.text(url("postgres", f"app:{PASSWORD}", "db.example.org:5432/shop")),
    )


LOREM = base64.b64encode(CHANCE.randbytes(600)).decode()
SURVIVORS = [
    "commit 9f86d081884c7d659a2feaa0c55ad015a3bf4f1b",
    "git checkout 9f86d08 && git cherry-pick 55ad015a3bf4",
    f"session {uuid.UUID(int=CHANCE.getrandbits(128))} resumed",
    'request_token: "550e8400-e29b-41d4-a716-446655440000"',
    f'"integrity": "sha512-{base64.b64encode(hashlib.sha512(b"x").digest()).decode()}"',
    f"sha256:{hashlib.sha256(b'x').hexdigest()}",
    f"md5 {hashlib.md5(b'x').hexdigest()}  dist/app.js",
    f"data:image/png;base64,{LOREM}",
    "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIHb5Zr0Q2v1n7Xc8YwT3mK4pL9sD6fG1hJ2kZ3xV5bN7 me@laptop",
    "-----BEGIN PUBLIC KEY-----\nMIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEA\n-----END PUBLIC KEY-----",
    "-----BEGIN CERTIFICATE-----\nMIIDdzCCAl+gAwIBAgIEAgAAuTANBgkqhkiG9w0BAQUFADBa\n-----END CERTIFICATE-----",
    "/Users/me/projects/shop/src/components/checkout/PaymentMethodSelector.test.tsx:128",
    "C:\\Users\\me\\AppData\\Local\\Programs\\Python\\Python311\\python.exe",
    "bafybeigdyrzt5sfp7udm7hu76uh7y26nf3efuylqabf3oclgtqy55fbzdi",
    "QmYwAPJzv5CZsnA625s3Xf2nemtYgPpHdWEz79ojWnPbdG",
    "password = getpass()",
    "password = input('Password: ')",
    "const token = useToken();",
    "const token = await getAccessToken(user, { refresh: true });",
    "token: string;",
    "accessToken?: string | null,",
    "def login(self, user: str, password: str, token: str | None = None) -> Session:",
    "api_key = os.environ['OPENAI_API_KEY']",
    "api_key=os.getenv('OPENAI_API_KEY')",
    "apiKey: process.env.OPENAI_API_KEY,",
    "secret_key = settings.SECRET_KEY",
    "DB_PASSWORD=${DB_PASSWORD}",
    "DB_PASSWORD=$DB_PASSWORD",
    "password: ${{ secrets.NPM_TOKEN }}",
    "API_KEY=<your-key>",
    "OPENAI_API_KEY=your-api-key-here",
    "OPENAI_API_KEY=sk-...",
    "password: '********'",
    "export TOKEN=xxxxxxxxxxxxxxxxxxxx",
    "max_tokens=4096, temperature=0.2",
    '"input_tokens": 128000, "output_tokens": 4096, "cache_read_input_tokens": 99123',
    "total tokens: 1234567",
    "tokenizer = AutoTokenizer.from_pretrained('gpt2-large-v2')",
    "token_count: 12345678901",
    "primary_key=True, foreign_key='users.id2'",
    "public_key: 'MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE1234'",
    "sort_key=lambda item: item.created_at2",
    "the secret of a good handoff: say what failed, and 3 reasons why",
    "secretName: my-app-tls-2024",
    "password_hash_algorithm = 'argon2id-v19-m65536'",
    "PASSWORD_RESET_TIMEOUT=259200000",
    "    --- PASS: TestReadsEveryLine/second_case_17 (0.01s)",
    "pass: 412, fail: 0, skip: 3",
    "if (token === undefined) return null;",
    "git clone git@github.com:example/shop.git",
    "npm install @types/node@20.11.5 https://registry.example.org/left-pad",
    "postgres://localhost:5432/shop",
    url("postgres", "postgres:postgres", "localhost:5432/shop"),
    url("postgres", "user:password", "host/db"),
    url("postgres", "$PGUSER:$PGPASSWORD", "host/db"),
    "http://localhost:3000/@fs/shop/index.ts",
    "toolu_01A09q90qw90lq917835lq9",
    "msg_01XFDUDYJgAACzvnptvVoYEL req_011CSHoEeqs5C35K2UUqR7Fy call_9pw1qnYScqvGrCH58HWCvFH6",
    "sk-learn-compatible-estimator-base-classes",
    "test_sk_live_is_redacted_when_it_stands_in_a_tool_result",
    "eyJust a word that begins so",
    "Authorization: Bearer <token>",
    "Authorization: Bearer $TOKEN",
    "authorization required for this resource: ask an administrator",
    "[secret:github-token:9f3a2c1d] is the token, {}: [secret:{}:00112233]".format("password", "password"),
]


@pytest.mark.parametrize("text", SURVIVORS)
@pytest.mark.parametrize("context", ["{}", "first line\n{}\nlast line", '{{"text": "{}"}}', "- `{}`"])
def test_harmless_text_is_unchanged(text: str, context: str) -> None:
    line = context.format(text)
    assert redactor.text(line) is line


def test_the_same_secret_is_the_same_placeholder_and_another_key_another_one() -> None:
    first, second = SHAPES["github-token"], SHAPES["github-oauth"]
    once, again, other = PLACEHOLDER.findall(redactor.text(f"{first} and {first} and {second}"))
    assert once == again != other
    assert Redactor(b"another key").text(first) != once


def test_a_secret_known_by_its_name_keeps_its_identity_across_contexts() -> None:
    password = some(16) + "7"
    placeholders = {
        PLACEHOLDER.search(redactor.text(text))[0]  # type: ignore[index]
        for text in (template.format(password) for template in ("DB_PASSWORD={}", '"password": "{}"', "password: {}"))
    }
    assert len(placeholders) == 1


def test_every_text_of_a_turn_is_redacted() -> None:
    secret = SHAPES["stripe"]
    turn = Turn(
        "assistant",
        text=f"text {secret}",
        thinking=f"thinking {secret}",
        calls=(
            ToolCall("1", "Bash", {"command": f"echo {secret}", "more": [{"deep": secret, secret: 1}], "n": 3}),
            ToolCall("2", "apply_patch", f"+KEY={secret}"),
        ),
        results=(ToolResult("1", f"{secret}\n", is_error=False, exit_code=0), ToolResult("2", "fine")),
        model="m",
        line=7,
    )
    clean = redactor.turn(turn)
    assert secret not in repr(clean)
    assert repr(clean).count("[secret:stripe-key:") == 7
    assert (clean.model, clean.line, clean.results[1], clean.calls[0].name) == ("m", 7, turn.results[1], "Bash")
    assert secret in turn.text, "the turn that was given is left alone"


def test_an_argument_is_judged_by_its_name() -> None:
    name = "password"
    turn = Turn("assistant", calls=(ToolCall("1", "connect", {"host": "db", "options": {name: PASSWORD, "retries": "three"}}),))
    arguments = redactor.turn(turn).calls[0].arguments
    assert isinstance(arguments, dict)
    options = arguments["options"]
    assert isinstance(options, dict)
    assert PLACEHOLDER.fullmatch(options[name])
    assert options["retries"] == "three"


def test_a_clean_turn_is_the_very_same_object() -> None:
    turn = Turn(
        "assistant",
        text="done",
        calls=(ToolCall("1", "Read", {"file_path": "/a/b.py", "lines": [1, "2"]}),),
        results=(ToolResult("1", "x = 1"),),
    )
    assert redactor.turn(turn) is turn


@given(
    st.lists(
        st.sampled_from(
            [*SHAPES.values(), *SURVIVORS, PASSWORD, "password=", "token: ", "'", '"', "\n", " ", "\\n", "=", "@", "://", "é", "-"]
        ),
        max_size=8,
    )
)
@example(["password=", SHAPES["openai"], SHAPES["openai"]])
@settings(max_examples=300)
def test_redacting_twice_changes_nothing(pieces: list[str]) -> None:
    clean = redactor.text("".join(pieces))
    assert redactor.text(clean) == clean


@given(st.text(max_size=300))
def test_any_text_can_be_redacted_and_redacted_again(text: str) -> None:
    clean = redactor.text(text)
    assert redactor.text(clean) == clean


@given(
    st.text(st.sampled_from("abcXYZ019 -_.:=/@\"'\n"), max_size=80),
    st.sampled_from(sorted(SHAPES)),
    st.sampled_from([" ", "\n", '"', "=", ": "]),
)
def test_no_surrounding_hides_a_shape(around: str, kind: str, edge: str) -> None:
    secret = SHAPES[kind]
    assert secret not in redactor.text(f"{around}{edge}{secret}{edge}{around}")


# Built from parts, so that no scanner takes them for real secrets.
_BEGIN, _END = "-----BEGIN PRIVATE" + " KEY", "-----END PRIVATE" + " KEY"
HOSTILE = (
    "password=",
    "password= ",
    "PASSWORD=",
    "secret=",
    "SECRET=",
    "token: 'a",
    "api_key=a1",
    "password" + "=a1b2c3;",
    f"{_BEGIN}-----\n",
    f"{_END}-----\n",
    _BEGIN,
    f"{'A' * 20}\\n{_END}-----\n",
    "a@",
    "://a:b",
    "://a:" + "b1c2d3@",
    f"[secret:{'password'}:00112233]",
    "\\",
)


@pytest.mark.parametrize("piece", HOSTILE)
def test_hostile_text_takes_no_longer_than_its_length(piece: str) -> None:
    # Looking back or ahead over the full text at each part would take minutes here.
    secret = SHAPES["github-token"]
    clean = redactor.text(piece * (300_000 // len(piece)) + "\n" + secret)
    assert secret not in clean
    assert redactor.text(clean) == clean


@pytest.mark.parametrize("text", ["x_key=" + "a1" * 60_000, "key" + "A" * 300_000 + "!\n-----END PRIVATE KEY-----"])
def test_one_endless_word_takes_no_longer_than_its_length(text: str) -> None:
    clean = redactor.text(text)
    assert redactor.text(clean) == clean


def test_a_key_block_ends_where_text_goes_on_that_is_no_key() -> None:
    block = key_block("RSA PRIVATE KEY", "\\n").rpartition("\\n")[0]
    assert re.fullmatch(rf'\{{\\"pem\\": \\"{PLACEHOLDER.pattern}\\"\}}', redactor.text(f'{{\\"pem\\": \\"{block}\\"}}'))


def test_key_blocks_that_follow_each_other_are_told_apart() -> None:
    first, second = key_block("RSA PRIVATE KEY"), key_block("EC PRIVATE KEY")
    assert re.fullmatch(rf"{PLACEHOLDER.pattern}\n{PLACEHOLDER.pattern}", redactor.text(f"{first}\n{second}"))


def test_redaction_loads_no_scanner() -> None:
    program = (
        "import sys; from onward.redact import DISTILL_KEY, Redactor; Redactor(DISTILL_KEY).text('all is well with token: string ' * 9);"
        "sys.exit('betterleaks' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0
