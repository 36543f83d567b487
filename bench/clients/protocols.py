"""The wire protocols of models: how a request is read and how an answer is written, as a stream of events or as one document."""

from __future__ import annotations

import itertools
import json
from abc import ABC, abstractmethod
from collections.abc import Iterator
from typing import Any, ClassVar

from bench.clients.dialogue import Entry, Reply, Request, Tool

OUTPUT_TOKENS = 50
_numbers = itertools.count(1)


def _name(kind: str) -> str:
    return f"{kind}_{next(_numbers):024x}"


def _text(content: object) -> str:
    """Return the text in the content of a message, in any nesting."""
    if isinstance(content, str):
        return content
    if isinstance(content, list):
        return "\n".join(map(_text, content))
    if isinstance(content, dict):
        return _text(content.get("text") or content.get("content") or content.get("output") or "")
    return ""


class Protocol(ABC):
    """A wire protocol. `has_named_events` says that each event of a stream has its type as a name."""

    name: ClassVar[str]
    has_named_events: ClassVar[bool] = True
    end_of_stream: ClassVar[str] = ""

    def request(self, body: dict[str, Any]) -> Request:
        """Return what the client asks."""
        return Request(self.name, list(self.entries(body)), {tool.name: tool for tool in self.tools(body)}, body)

    @abstractmethod
    def entries(self, body: dict[str, Any]) -> Iterator[Entry]:
        """Yield the messages, calls and results of a request."""

    @abstractmethod
    def tools(self, body: dict[str, Any]) -> Iterator[Tool]:
        """Yield the tools that the client offers."""

    @abstractmethod
    def document(self, reply: Reply, body: dict[str, Any]) -> dict[str, Any]:
        """Return the answer as one document."""

    @abstractmethod
    def events(self, document: dict[str, Any]) -> Iterator[dict[str, Any]]:
        """Yield the answer as the events of a stream."""


class AnthropicMessages(Protocol):
    """Claude's protocol."""

    name = "anthropic"

    def entries(self, body: dict[str, Any]) -> Iterator[Entry]:
        yield Entry("system", _text(body.get("system")))
        for message in body["messages"]:
            content = message["content"]
            for block in [{"type": "text", "text": content}] if isinstance(content, str) else content:
                if block["type"] == "text":
                    yield Entry(message["role"], block["text"])
                elif block["type"] in {"tool_use", "tool_result"}:
                    yield Entry("call") if block["type"] == "tool_use" else Entry("result", _text(block.get("content")))

    def tools(self, body: dict[str, Any]) -> Iterator[Tool]:
        for tool in body.get("tools") or []:
            yield Tool(tool["name"], (tool.get("input_schema") or {}).get("properties") or {})

    def document(self, reply: Reply, body: dict[str, Any]) -> dict[str, Any]:
        content: list[dict[str, Any]] = [{"type": "text", "text": reply.text}] if reply.text else []
        content += [{"type": "tool_use", "id": _name("toolu"), "name": call.tool.name, "input": call.arguments} for call in reply.calls]
        usage = {"input_tokens": reply.input_tokens, "output_tokens": OUTPUT_TOKENS}
        stop = {"stop_reason": "tool_use" if reply.calls else "end_turn", "stop_sequence": None}
        about = {"id": _name("msg"), "type": "message", "role": "assistant", "model": body.get("model")}
        return {**about, "content": content, **stop, "usage": usage}

    def events(self, document: dict[str, Any]) -> Iterator[dict[str, Any]]:
        yield {"type": "message_start", "message": {**document, "content": [], "stop_reason": None}}
        for index, block in enumerate(document["content"]):
            if block["type"] == "text":
                empty, delta = {**block, "text": ""}, {"type": "text_delta", "text": block["text"]}
            else:
                empty, delta = {**block, "input": {}}, {"type": "input_json_delta", "partial_json": json.dumps(block["input"])}
            yield {"type": "content_block_start", "index": index, "content_block": empty}
            yield {"type": "content_block_delta", "index": index, "delta": delta}
            yield {"type": "content_block_stop", "index": index}
        stop = {"stop_reason": document["stop_reason"], "stop_sequence": None}
        yield {"type": "message_delta", "delta": stop, "usage": document["usage"]}
        yield {"type": "message_stop"}


class OpenAIResponses(Protocol):
    """Codex's protocol, also in code mode, where one tool takes JavaScript that calls the others."""

    name = "responses"

    def entries(self, body: dict[str, Any]) -> Iterator[Entry]:
        yield Entry("system", body.get("instructions") or "")
        for item in body["input"] if isinstance(body["input"], list) else [{"role": "user", "content": body["input"]}]:
            kind = item.get("type", "message")
            if kind == "message":
                yield Entry({"developer": "system"}.get(item["role"], item["role"]), _text(item["content"]))
            elif kind.endswith("_call_output"):
                yield Entry("result", _text(item.get("output")))
            elif kind.endswith("_call"):
                yield Entry("call")

    def tools(self, body: dict[str, Any]) -> Iterator[Tool]:
        items = body["input"] if isinstance(body["input"], list) else []
        groups = [body.get("tools") or [], *(item["tools"] for item in items if item.get("type") == "additional_tools")]
        for tool in itertools.chain.from_iterable(groups):
            if tool.get("type") == "namespace":
                group = "" if tool["name"] == "functions" else tool["name"]
                yield from (self._tool(member, group) for member in tool["tools"])
            elif tool.get("name"):
                yield self._tool(tool, "")

    @staticmethod
    def _tool(tool: dict[str, Any], namespace: str) -> Tool:
        schema = (tool.get("parameters") or {}).get("properties") or {}
        return Tool(tool["name"], schema, tool.get("type") == "custom", namespace)

    def document(self, reply: Reply, body: dict[str, Any]) -> dict[str, Any]:
        output: list[dict[str, Any]] = []
        if reply.text:
            content = [{"type": "output_text", "text": reply.text, "annotations": []}]
            output.append({"type": "message", "id": _name("msg"), "role": "assistant", "status": "completed", "content": content})
        for call in reply.calls:
            about = {"id": _name("item"), "call_id": _name("call"), "name": call.tool.name, "status": "completed"}
            group = {"namespace": call.tool.namespace} if call.tool.namespace else {}
            if call.tool.is_script:
                output.append({"type": "custom_tool_call", **about, "input": call.arguments})
            else:
                output.append({"type": "function_call", **about, **group, "arguments": json.dumps(call.arguments)})
        usage = {
            "input_tokens": reply.input_tokens,
            "input_tokens_details": {"cached_tokens": 0},
            "output_tokens": OUTPUT_TOKENS,
            "output_tokens_details": {"reasoning_tokens": 0},
            "total_tokens": reply.input_tokens + OUTPUT_TOKENS,
        }
        about = {"id": _name("resp"), "object": "response", "created_at": 0, "status": "completed", "model": body.get("model")}
        return {**about, "output": output, "usage": usage, "error": None}

    def events(self, document: dict[str, Any]) -> Iterator[dict[str, Any]]:
        yield {"type": "response.created", "response": {**document, "status": "in_progress", "output": []}}
        for index, item in enumerate(document["output"]):
            yield {"type": "response.output_item.added", "output_index": index, "item": item}
            yield {"type": "response.output_item.done", "output_index": index, "item": item}
        yield {"type": "response.completed", "response": document}


class ChatCompletions(Protocol):
    """The protocol that most clients speak with a provider of one's own."""

    name = "chat"
    has_named_events = False
    end_of_stream = "[DONE]"

    def entries(self, body: dict[str, Any]) -> Iterator[Entry]:
        for message in body["messages"]:
            if message["role"] == "tool":
                yield Entry("result", _text(message["content"]))
                continue
            yield Entry({"developer": "system"}.get(message["role"], message["role"]), _text(message.get("content")))
            yield from (Entry("call") for _ in message.get("tool_calls") or [])

    def tools(self, body: dict[str, Any]) -> Iterator[Tool]:
        for tool in body.get("tools") or []:
            function = tool["function"]
            yield Tool(function["name"], (function.get("parameters") or {}).get("properties") or {})

    def document(self, reply: Reply, body: dict[str, Any]) -> dict[str, Any]:
        calls = [
            {"id": _name("call"), "type": "function", "function": {"name": call.tool.name, "arguments": json.dumps(call.arguments)}}
            for call in reply.calls
        ]
        message = {"role": "assistant", "content": reply.text, **({"tool_calls": calls} if calls else {})}
        choice = {"index": 0, "message": message, "finish_reason": "tool_calls" if calls else "stop"}
        usage = {"prompt_tokens": reply.input_tokens, "completion_tokens": OUTPUT_TOKENS}
        usage["total_tokens"] = sum(usage.values())
        about = {"id": _name("chatcmpl"), "object": "chat.completion", "created": 0, "model": body.get("model")}
        return {**about, "choices": [choice], "usage": usage}

    def events(self, document: dict[str, Any]) -> Iterator[dict[str, Any]]:
        about = {**document, "object": "chat.completion.chunk"}
        (choice,) = document["choices"]
        message = choice["message"]
        calls = [{"index": index, **call} for index, call in enumerate(message.get("tool_calls") or [])]
        delta = {"role": "assistant", "content": message["content"], **({"tool_calls": calls} if calls else {})}
        yield {**about, "usage": None, "choices": [{"index": 0, "delta": delta, "finish_reason": None}]}
        yield {**about, "usage": None, "choices": [{"index": 0, "delta": {}, "finish_reason": choice["finish_reason"]}]}
        yield {**about, "choices": []}


class Gemini(Protocol):
    """Gemini's protocol."""

    name = "gemini"
    has_named_events = False

    def entries(self, body: dict[str, Any]) -> Iterator[Entry]:
        yield Entry("system", _text((body.get("systemInstruction") or {}).get("parts")))
        for message in body["contents"]:
            for part in message.get("parts", []):
                if "functionCall" in part:
                    yield Entry("call")
                elif "functionResponse" in part:
                    yield Entry("result", json.dumps(part["functionResponse"].get("response")))
                elif "text" in part:
                    yield Entry("assistant" if message.get("role") == "model" else "user", part["text"])

    def tools(self, body: dict[str, Any]) -> Iterator[Tool]:
        for group in body.get("tools") or []:
            for tool in group.get("functionDeclarations", []):
                schema = tool.get("parametersJsonSchema") or tool.get("parameters") or {}
                yield Tool(tool["name"], schema.get("properties") or {})

    def document(self, reply: Reply, body: dict[str, Any]) -> dict[str, Any]:
        parts: list[dict[str, Any]] = [{"text": reply.text or " "}] if reply.text or not reply.calls else []
        parts += [{"functionCall": {"id": _name("call"), "name": call.tool.name, "args": call.arguments}} for call in reply.calls]
        schema = body.get("generationConfig", {}).get("responseJsonSchema")
        if schema:
            parts = [{"text": json.dumps({key: _sample(value) for key, value in schema["properties"].items()})}]
        usage = {"promptTokenCount": reply.input_tokens, "candidatesTokenCount": OUTPUT_TOKENS}
        usage["totalTokenCount"] = sum(usage.values())
        candidate = {"content": {"role": "model", "parts": parts}, "finishReason": "STOP", "index": 0}
        return {"candidates": [candidate], "usageMetadata": usage, "modelVersion": "scripted", "responseId": _name("response")}

    def events(self, document: dict[str, Any]) -> Iterator[dict[str, Any]]:
        yield document


def _sample(schema: dict[str, Any]) -> object:
    """Return a value of a JSON schema, for clients that ask small questions beside the session."""
    if schema.get("enum"):
        return schema["enum"][-1]
    return {"boolean": False, "number": 1, "integer": 1, "array": [], "object": {}}.get(str(schema.get("type")).lower(), "x")


PROTOCOLS: dict[str, Protocol] = {
    "/messages": AnthropicMessages(),
    "/responses": OpenAIResponses(),
    "/chat/completions": ChatCompletions(),
    ":generateContent": Gemini(),
    ":streamGenerateContent": Gemini(),
}
"""The protocols by the end of the path that a client calls."""
