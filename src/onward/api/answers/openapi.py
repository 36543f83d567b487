"""The shapes of answers in the OpenAPI document.

Routes name their shapes; what a shape looks like is worked out when somebody asks for the document. Having FastAPI do it for each route at
each start would keep the first request waiting for most of a second, and no answer is made by it.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from pydantic import TypeAdapter

_COMPONENTS = "#/components/schemas/{model}"
_SHAPES: dict[str, Any] = {}
"""Every shape that a route names, by the reference that stands for it until the document is made."""


def json_content(shape: Any) -> dict[str, Any]:
    """Return what the document says of a body of JSON of this *shape*."""
    reference = f"#/shapes/{shape!r}"
    _SHAPES[reference] = shape
    return {"application/json": {"schema": {"$ref": reference}}}


def describe_shapes(document: dict[str, Any]) -> None:
    """Put into an OpenAPI *document* what its shapes look like. Raises `ValueError` where two are called the same."""
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
            raise ValueError(f"two shapes are called {name}")


def _schemas(document: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Return the schemas of all answers."""
    for methods in document["paths"].values():
        for route in methods.values():
            for answer in route["responses"].values():
                for body in answer.get("content", {}).values():
                    yield body.get("schema", {})
