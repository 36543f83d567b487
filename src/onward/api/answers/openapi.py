"""The shapes of answers in the OpenAPI document.

Routes only name their shapes; the schemas are built when the document is requested. FastAPI would build them for every route at the
start, and delay the first request by most of a second.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from pydantic import TypeAdapter

_COMPONENTS = "#/components/schemas/{model}"
_SHAPES: dict[str, Any] = {}
"""The shapes that routes name, by the reference that replaces them until the document is built."""


def json_content(shape: Any) -> dict[str, Any]:
    """Return the OpenAPI content of a JSON body of this *shape*."""
    reference = f"#/shapes/{shape!r}"
    _SHAPES[reference] = shape
    return {"application/json": {"schema": {"$ref": reference}}}


def describe_shapes(document: dict[str, Any]) -> None:
    """Replace the shape references of an OpenAPI *document* by schemas. Raises `ValueError` if two shapes have the same name."""
    references = {schema["$ref"] for schema in _schemas(document) if schema.get("$ref") in _SHAPES}
    schemas, definitions = TypeAdapter.json_schemas(
        [(reference, "serialization", TypeAdapter(_SHAPES[reference])) for reference in sorted(references)], ref_template=_COMPONENTS
    )
    for schema in _schemas(document):
        if schema.get("$ref") in references:
            schema.update(schemas[schema.pop("$ref"), "serialization"])
    components = document.setdefault("components", {}).setdefault("schemas", {})
    for name, shape in definitions["$defs"].items():
        if components.setdefault(name, shape) != shape:
            raise ValueError(f"two shapes are named {name}")


def _schemas(document: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Yield the schemas of all answers."""
    for methods in document["paths"].values():
        for route in methods.values():
            for answer in route["responses"].values():
                for body in answer.get("content", {}).values():
                    yield body.get("schema", {})
