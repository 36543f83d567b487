"""Pasted chats with any layout, and without one."""

from __future__ import annotations

from pathlib import Path

import pytest

from onward.errors import UnknownFormat


@pytest.mark.parametrize(
    ("sample", "roles"),
    [
        ("labels.txt", "user assistant user assistant"),
        ("said.txt", "user assistant user assistant"),
        ("headings.md", "system user assistant user"),
        ("bold.md", "user assistant user"),
        ("indonesia.txt", "user assistant user"),
        ("alone.txt", "user assistant user assistant"),
        ("empty.txt", ""),
    ],
)
def test_every_layout_is_understood(reading, fixtures, sample, roles):
    assert [turn.role for turn in reading(fixtures / "pasted" / sample).turns] == roles.split()


@pytest.mark.parametrize(
    "layout",
    [
        "User: {0}\nAssistant: {1}\nUser: {2}\n",
        "Human: {0}\n\nAI: {1}\n\nHuman: {2}\n",
        "**You:** {0}\n\n**Claude:** {1}\n\n**You:** {2}\n",
        "__User__\n{0}\n__Assistant__\n{1}\n__User__\n{2}\n",
        "### 🧑 User\n\n{0}\n\n---\n\n### 🤖 Assistant (gpt-5.5)\n\n{1}\n\n---\n\n### 🧑 User\n\n{2}\n",
        "#### You said:\n{0}\n#### ChatGPT said:\n{1}\n#### You said:\n{2}\n",
        "Anda berkata:\n{0}\nChatGPT berkata:\n{1}\nAnda berkata:\n{2}\n",
        "[User]: {0}\n[Assistant]: {1}\n[User]: {2}\n",
        "Q: {0}\nA: {1}\nQ: {2}\n",
    ],
)
def test_the_same_chat_in_any_layout(reading, layout):
    result = reading(layout.format("use pnpm", "done", "thanks").encode())
    assert [turn.role for turn in result.turns] == ["user", "assistant", "user"]
    assert [turn.text for turn in result.turns] == ["use pnpm", "done", "thanks"]


@pytest.mark.parametrize(
    "labels",
    [
        ("Du hast gesagt:\n", "ChatGPT hat gesagt:\n"),
        ("Benutzer: ", "Assistent: "),
        ("Vous avez dit\u00a0:\n", "ChatGPT a dit\u00a0:\n"),
        ("Utilisateur : ", "Assistant : "),
        ("Dijiste:\n", "ChatGPT dijo:\n"),
        ("Usuario: ", "Asistente: "),
        ("Você disse:\n", "O ChatGPT disse:\n"),
        ("Usuário: ", "Assistente: "),
        ("Hai detto:\n", "ChatGPT ha detto:\n"),
        ("Utente: ", "Assistente: "),
        ("Вы сказали:\n", "ChatGPT сказал:\n"),
        ("Пользователь: ", "Ассистент: "),
        ("قلت:\n", "قال ChatGPT:\n"),
        ("المستخدم: ", "المساعد: "),
        ("Şunu dediniz:\n", "ChatGPT şunu dedi:\n"),
        ("Kullanıcı: ", "Asistan: "),
        ("Bạn đã nói:\n", "ChatGPT đã nói:\n"),
        ("Người dùng: ", "Trợ lý: "),
        ("用户：", "助手："),
        ("你说：\n", "ChatGPT 说：\n"),
        ("使用者：", "AI 助理："),
        ("ユーザー：", "アシスタント："),
        ("あなたの発言:\n", "ChatGPT の発言:\n"),
        ("사용자: ", "어시스턴트: "),
        ("나의 말:\n", "ChatGPT의 말:\n"),
    ],
)
def test_labels_of_other_languages_are_understood(reading, labels):
    user, assistant = labels
    result = reading(f"{user}use pnpm\n\n{assistant}done\n\n{user}thanks\n".encode())
    assert [(turn.role, turn.text) for turn in result.turns] == [("user", "use pnpm"), ("assistant", "done"), ("user", "thanks")]


@pytest.mark.parametrize(
    "text", ["我觉得可以。\n你说呢？", "Я думаю, что да.\nВопрос: когда?", "Ich: nein.", "나는 간다.\n저녁: 7시", "Tu: è pronto?"]
)
def test_prose_in_other_languages_is_refused(reading, text):
    with pytest.raises(UnknownFormat, match="no line names a speaker"):
        reading(text.encode())


def test_labels_in_code_are_no_turns(reading, fixtures):
    assert "User: this line is an example" in reading(fixtures / "pasted" / "labels.txt").turns[1].text


def test_labels_of_another_layout_are_no_turns(reading, fixtures):
    assert "User: a label that the answer quotes" in reading(fixtures / "pasted" / "said.txt").turns[1].text


@pytest.mark.parametrize(
    "text", ["You should use port 8080.\nModel: T-100", "a\nq\nyou", "Answer: 42 is what the function returns", "# Agent notes\n\ntext"]
)
def test_prose_in_which_nobody_speaks_is_refused(reading, text):
    with pytest.raises(UnknownFormat, match="no line names a speaker"):
        reading(text.encode())


def test_a_license_is_no_conversation(reading):
    with pytest.raises(UnknownFormat):
        reading(Path(__file__).resolve().parents[2] / "LICENSE")


def test_lines_are_counted_and_turns_know_theirs(reading, fixtures):
    result = reading(fixtures / "pasted" / "labels.txt")
    assert [turn.line for turn in result.turns] == [1, 2, 8, 9]
    assert result.report.records == result.report.imported_records == 7
