"""Archives of the chat services: read in full, and refused if they are something else."""

from __future__ import annotations

import io
import json
import zipfile

import pytest

from onward.errors import BadInput


def archive(**members: bytes) -> bytes:
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w", zipfile.ZIP_DEFLATED) as target:
        for name, content in members.items():
            target.writestr(name, content)
    return data.getvalue()


def conversation(name: str) -> dict[str, object]:
    return {"uuid": name, "name": name, "chat_messages": [{"uuid": f"m-{name}", "sender": "human", "text": f"words of {name}"}]}


def test_parts_in_folders_come_in_the_order_of_their_names(reading):
    parts = {f"export/conversations-{number:03}.json": json.dumps([conversation(f"c{number}")]).encode() for number in (2, 0, 1)}
    result = reading(archive(**parts, **{"export/users.json": b"[]"}))
    assert result.prompts() == ["words of c0", "words of c1", "words of c2"]


def test_a_damaged_part_costs_only_itself(reading):
    parts = {
        "conversations-000.json": json.dumps([conversation("a"), conversation("b")]).encode()[:-30],
        "conversations-001.json": json.dumps([conversation("c")]).encode(),
    }
    result = reading(archive(**parts))
    assert "words of a" in result.prompts()
    assert result.report.malformed_count >= 1


@pytest.mark.parametrize("name", ["../conversations.json", "/etc/conversations.json", "..\\conversations.json", "C:\\conversations.json"])
def test_a_name_that_leads_outside_is_refused(reading, name):
    with pytest.raises(BadInput, match="outside itself") as refused:
        reading(archive(**{name: b"[]"}))
    assert refused.value.hint


def test_an_archive_without_conversations_is_refused(reading):
    with pytest.raises(BadInput, match="contains no conversations"):
        reading(archive(**{"notes.json": b"[]"}))


def test_a_bomb_is_refused_before_it_is_unpacked(reading):
    with pytest.raises(BadInput, match="would unpack to 96 MiB"):
        reading(archive(**{"conversations.json": bytes(96 * 1024**2)}))


def test_a_locked_archive_is_refused(reading):
    data = bytearray(archive(**{"conversations.json": b"[]"}))
    for signature, offset in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        data[data.find(signature) + offset] |= 1
    with pytest.raises(BadInput, match="password"):
        reading(bytes(data))


def test_half_an_archive_is_refused(reading):
    data = archive(**{"conversations.json": json.dumps([conversation("a")]).encode()})
    with pytest.raises(BadInput, match="damaged archive"):
        reading(data[: len(data) // 2])
