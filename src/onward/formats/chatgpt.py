"""ChatGPT's export: `conversations.json`, alone, in shards or in the original archive: a list of conversations, each a tree of messages.

The path from `current_node` up to the root is what the user last saw; the other branches come before it, each followed by a rewind.
Hidden nodes are written by the service.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from onward.core.transcript.transcript import ImportReport, Rewind, SessionHead, ToolCall, ToolResult, TranscriptItem, Turn
from onward.formats.blocks import parse_arguments
from onward.formats.branches import walk_branches
from onward.formats.fields import as_list, as_object, as_text, as_time, skip_reason
from onward.formats.json_elements import read_objects
from onward.formats.source import TranscriptSource

NAME = "chatgpt"
VERSIONS = ()
"""A transcript does not say which version wrote it."""
UNRECORDED = {
    "exit code": "code runs at the service, which gives its output",
    "todo state": "a chat keeps no list",
    "usage": "the export counts no tokens",
}
"""What transcripts of this format do not record, with the reason."""

_SERVICE_CONTENTS = frozenset({"user_editable_context", "model_editable_context", "app_pairing_content"})
"""Content types that the service adds to every conversation: instructions and memory."""


def detect(head: bytes) -> bool:
    """Whether *head* begins ChatGPT conversations, recognised by their trees."""
    in_json = head.lstrip()[:1] in {b"[", b"{"}
    return in_json and b'"mapping"' in head and (b'"parent"' in head or b'"current_node"' in head or b'"author"' in head)


def read(source: TranscriptSource, report: ImportReport) -> Iterator[TranscriptItem]:
    """Yield the conversations one at a time, in the order of the export; a damaged one does not affect the others. A node of a tree is a
    record.
    """
    for number, conversation in read_objects(source, report):
        mapping = conversation.get("mapping")
        if isinstance(mapping, dict):
            yield from _Conversation(conversation, mapping, report).read()
        else:
            report.reject(number, "a conversation without messages")


class _Conversation:
    """One conversation: its tree, and the nodes already yielded."""

    def __init__(self, about: dict[str, Any], mapping: dict[str, Any], report: ImportReport) -> None:
        self.about = about
        self.report = report
        self.model = as_text(about.get("default_model_slug")) or None
        self.nodes = {node_id: as_object(node) for node_id, node in mapping.items()}
        self.turn_by_node: dict[str, str | None] = {}
        """The turn at or above each yielded node."""
        self.call_by_node: dict[str, str] = {}
        """The last call at or above each yielded node."""

    def read(self) -> Iterator[TranscriptItem]:
        """Yield the head, the abandoned branches, and the path that the user last saw."""
        head: SessionHead | None = SessionHead(
            agent=NAME,
            id=as_text(self.about.get("conversation_id")) or as_text(self.about.get("id")) or None,
            started_at=as_time(self.about.get("create_time")),
            title=as_text(self.about.get("title")),
        )
        parents = {node_id: as_text(node.get("parent")) for node_id, node in self.nodes.items()}
        last: str | None = None
        for node_id, is_branch in walk_branches(parents, as_text(self.about.get("current_node"))):
            parent_turn = self.turn_by_node.get(parents[node_id])
            if is_branch and parent_turn != last:
                yield Rewind(to=parent_turn)
            for turn in self._node_turns(node_id):
                if head is not None:
                    yield head
                    head = None
                yield turn
            last = self.turn_by_node[node_id]

    def _node_turns(self, node_id: str) -> Iterator[Turn]:
        """Yield the turn of one node, and remember it."""
        node = self.nodes[node_id]
        parent = as_text(node.get("parent"))
        self.turn_by_node[node_id] = self.turn_by_node.get(parent)
        self.call_by_node[node_id] = self.call_by_node.get(parent, "")
        message = node.get("message")
        if not isinstance(message, dict):
            self.report.skip("node without a message")
            return
        turn = self._turn(node_id, message)
        if isinstance(turn, str):
            self.report.skip(turn)
            return
        self.report.keep()
        turn.id, turn.at, turn.line = node_id, as_time(message.get("create_time")), len(self.turn_by_node) - 1
        self.turn_by_node[node_id] = node_id
        if turn.calls:
            self.call_by_node[node_id] = node_id
        yield turn

    def _turn(self, node_id: str, message: dict[str, Any]) -> Turn | str:
        """Return the turn of a message, or the reason to skip it."""
        metadata, content = as_object(message.get("metadata")), as_object(message.get("content"))
        kind, role = as_text(content.get("content_type")), as_text(as_object(message.get("author")).get("role"))
        if metadata.get("is_visually_hidden_from_conversation") is True or metadata.get("is_user_system_message") is True:
            return "hidden from the conversation"
        if kind in _SERVICE_CONTENTS:
            return "instructions and memory of the service"
        text = _content_text(content)
        if role == "user":
            turn = Turn(role="user", text=text)
        elif role == "assistant":
            turn = self._answer(node_id, message, kind, text)
            turn.model = as_text(metadata.get("model_slug")) or self.model
        elif role == "tool":
            turn = Turn(role="tool", results=(ToolResult(self.call_by_node[node_id], text),) if text else ())
        else:
            return "system prompt" if role == "system" else skip_reason(self.report.skipped, f"message of: {role or 'nobody'}")
        return turn if turn.text or turn.calls or turn.results or turn.thinking else "empty message"

    def _answer(self, node_id: str, message: dict[str, Any], kind: str, text: str) -> Turn:
        recipient = as_text(message.get("recipient")) or "all"
        if kind == "thoughts":
            return Turn(role="assistant", thinking=text)
        if kind == "reasoning_recap":
            return Turn(role="assistant")
        if recipient != "all" and text and kind in {"code", "text", "multimodal_text"}:
            arguments = parse_arguments(text)
            return Turn(
                role="assistant", calls=(ToolCall(node_id, recipient, arguments if isinstance(arguments, dict) else {"code": text}),)
            )
        return Turn(role="assistant", text=text)


def _content_text(content: dict[str, Any]) -> str:
    """Return the text of a content of any type; pictures and untranscribed sound are named in brackets."""
    texts: list[str] = []
    for part in as_list(content.get("parts")):
        if isinstance(part, str):
            texts.append(part)
        elif isinstance(part, dict):
            asset = (
                as_text(part.get("content_type")).removesuffix("_asset_pointer").removeprefix("real_time_user_").partition("_")[0] or "file"
            )
            texts.append(as_text(part.get("text")) or f"[{asset}]")
    thoughts = map(as_object, as_list(content.get("thoughts")))
    texts += [": ".join(filter(None, (as_text(thought.get("summary")), as_text(thought.get("content"))))) for thought in thoughts]
    if not texts:
        texts = [as_text(content.get(key)) for key in ("title", "url", "text", "result", "content")]
    return "\n".join(filter(None, texts)).strip()
