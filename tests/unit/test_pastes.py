"""Pastes are recognised by the form of their lines; the person's words around them stay."""

from __future__ import annotations

import json

import pytest

from onward.core.transcript.pastes import strip_pastes
from onward.core.transcript.transcript import Turn
from onward.core.transcript.turn import lighten

WORDS = "Cari tahu kenapa, and never restart the printer."
LOG = "\n".join(f"2026-03-02T09:00:{second:02} ERROR printer {second} always jams" for second in range(9))
ROWS = [{"id": number, "name": f"toko {number}", "must_pay": True} for number in range(6)]
PASTES = {
    "log": LOG,
    "log with wrapped lines": LOG.replace("3 always jams", "3 always jams\ncall the shop"),
    "syslog": "\n".join(f"Mar  2 09:00:{second:02} toko systemd[1]: struk.service: never started" for second in range(5)),
    "levels": "INFO  start\nWARN  paper low\nERROR must refill\nERROR must refill",
    "pretty json": json.dumps(ROWS, indent=1),
    "json on one line": json.dumps(ROWS),
    "json lines": "\n".join(json.dumps(row) for row in ROWS),
    "csv": "id,toko,total\n1,Melati,12000\n2,Kenanga,15000\n3,Mawar,9000",
    "tabs": "id\ttoko\n1\tMelati\n2\tKenanga",
    "diff": "diff --git a/struk.py b/struk.py\nindex 4fa1c02..9b1d7aa 100644\n--- a/struk.py\n+++ b/struk.py\n@@ -1,3 +1,3 @@\n"
    " def struk():\n-    return 1\n+    return 2  # never 1",
    "python trace": 'Traceback (most recent call last):\n  File "struk.py", line 3, in <module>\n    main()\n'
    '  File "struk.py", line 9, in main\n    raise ValueError("never")\nValueError: never',
    "short trace": "TypeError: total is undefined\n    at struk (/home/ayu/struk.js:3:9)\n    at main (/home/ayu/struk.js:9:1)",
    "java trace": 'Exception in thread "main" java.lang.IllegalStateException: must pay\n\tat toko.Struk.print(Struk.java:12)\n'
    "\tat toko.Main.main(Main.java:4)\nCaused by: java.io.IOException: jam\n\t... 3 more",
    "compiler": "src/struk.rs:3:9: error: never used\nsrc/struk.rs:4:9: error: never used\nsrc/struk.rs:5:9: error: never used",
    "terminal": "ayu@toko:~/struk$ make\nayu@toko:~/struk$ make test\nFAILED tests/test_struk.py\n1 failed",
    "code frame": "   6 | import { struk } from './struk';\n>  7 | struk.never()\n     | ^^^^^\n   8 |",
    "server": "GET /struk 500 in 21ms\nPOST /bayar 200 in 9ms\nGET /favicon.ico 404",
    "watcher": "[nodemon] starting `tsx src/struk.ts`\n[INFO] must pay\n[nodemon] app crashed - waiting for changes",
    "linter": "  12:4  error  Never used\n  19:2  warning  Never used\n  31:7  error  Never used",
    "scripts": "> toko@1.2.0 build /home/ayu/toko\n> toko@1.2.0 lint\n> @toko/web@1.2.0 test:unit",
    "container build": "[+] Building 4.1s (9/12)\n => [internal] load build definition  0.0s\n => => transferring dockerfile: 1.31kB  0.0s\n"
    " => ERROR [build 5/6] RUN never stop  0.4s",
    "plain container build": "#9 [build 4/6] COPY . .\n#9 DONE 0.1s\n#10 0.412 never stop\n#10 ERROR: exit code: 1",
    "steps": "=== Step 1: never mind ===\n=== Step 2: build ===\n=== Step 3: test ===",
    "markup": '<div class="struk">\n<p>\nAlways pay\n</p>\n</div>',
}
MAIL = "From: Ayu <ayu@toko.example>\nSent: Monday\nTo: Rina\nSubject: Struk\n\nYou must always print twice.\n\nAyu"
REPLY = "On Mon, 2 Mar 2026 at 09:00, Ayu <ayu@toko.example> wrote:\n> You must always print twice.\n> Ayu"


@pytest.mark.parametrize("name", PASTES)
def test_a_paste_is_not_the_persons_words(name: str) -> None:
    paste = PASTES[name]
    assert strip_pastes(f"{paste}\n\n{WORDS}") == WORDS
    assert strip_pastes(f"{WORDS}\n\n{paste}") == WORDS
    assert strip_pastes(f"{WORDS}\n{paste}\n\nSudah dua kali.") == f"{WORDS}\n\nSudah dua kali."


@pytest.mark.parametrize(
    "mail",
    [
        MAIL,
        MAIL.replace("From", "Von").replace("Sent", "Gesendet").replace("To", "An").replace("Subject", "Betreff"),
        MAIL.replace("From:", "发件人：").replace("Sent:", "发送时间：").replace("To:", "收件人：").replace("Subject:", "主题："),
        "-----Original Message-----\n" + MAIL,
        REPLY,
    ],
)
def test_quoted_mail_is_not_the_persons_words(mail: str) -> None:
    assert strip_pastes(f"{WORDS}\n\n{mail}") == WORDS


def test_a_person_may_speak_after_a_mail() -> None:
    assert strip_pastes(f"{MAIL}\n\n{WORDS}") == WORDS


@pytest.mark.parametrize(
    "text",
    [
        WORDS,
        "Please do three things:\n\n- never round a total\n- print twice, once for us\n- ERROR must be red",
        "We sell paper, ink, and stamps.\nThey pay cash, card, or later.\nWe never give credit, ever, to anyone.",
        "1. Add the page\n2. Test the page\n3. Ship it",
        "Use this:\n```json\n[\n 1\n]\n```\nand nothing else.",
        "ERROR: it jams again.\nWhat now?",
        "用户要求：\n不要四舍五入。\n先写测试。",
        "| a | b |\n|---|---|\n| 1 | 2 |",
    ],
)
def test_a_persons_own_lines_stay(text: str) -> None:
    assert strip_pastes(text) == text


def test_a_message_that_is_only_a_paste_leaves_one_line() -> None:
    assert strip_pastes(PASTES["python trace"]) == "ValueError: never"
    assert strip_pastes(PASTES["levels"]) == "ERROR must refill"
    assert len(strip_pastes(json.dumps(ROWS * 20))) < 210


def test_the_stored_turn_keeps_its_paste() -> None:
    turn = Turn(role="user", text=f"{LOG}\n\n{WORDS}")
    assert lighten(turn).text == WORDS
    assert turn.text.startswith(LOG)
    assert lighten(Turn(role="assistant", text=LOG)).text == LOG


def test_what_stands_between_two_pastes_of_one_message_is_a_programs() -> None:
    frame = PASTES["code frame"]
    output = f"./src/struk.ts:7:1\nStruk always fails\n{frame}\n\nDid you mean to print twice?\n\n{PASTES['server']}"
    assert strip_pastes(output) == "Struk always fails"
    assert strip_pastes(f"{WORDS}\n\n{output}").startswith(WORDS)
