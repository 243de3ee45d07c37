"""The OpenAPI document, made from the table of operations."""

from collections import defaultdict
from collections.abc import Mapping
from typing import Any, Final

import msgspec
from msgspec import Struct

from unisono import __version__
from unisono.gateways.rest.operations import OPERATIONS, Operation
from unisono.gateways.rest.shapes import Alive, Fault, OfPage, Readiness
from unisono.wire.codes import CODES

REF: Final = "#/components/schemas/{name}"
COMMON_FAULTS: Final = ("token_missing", "token_invalid", "invalid", "overloaded", "unavailable", "internal")
"""What every operation may answer with."""

Document = dict[str, Any]


def document() -> Document:
    """Give the document, as plain values."""
    types = [Fault, Alive, Readiness, OfPage, *_types()]
    _, components = msgspec.json.schema_components(types, ref_template=REF, schema_hook=_any_value)
    paths: Document = {"/healthz": _healthz(), "/readyz": _readyz(), "/metrics": _metrics()}
    for operation in OPERATIONS:
        paths.setdefault(operation.path, {})[operation.method.lower()] = _operation(operation, components)
    paths["/v1/openapi.json"] = {
        "get": {
            "operationId": "openapi",
            "summary": "This document",
            "security": [],
            "responses": {"200": {"description": "The document", "content": {"application/json": {"schema": {}}}}},
        }
    }
    shown = {name: schema for name, schema in components.items() if not name.startswith("Of")}
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Unisono, for operators",
            "version": __version__,
            "description": "Sessions, devices and revocations of a Unisono server, and how it is. Needs an admin key.",
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "servers": [{"url": "/"}],
        "security": [{"adminKey": []}],
        "paths": paths,
        "components": {
            "schemas": dict(sorted(shown.items())),
            "securitySchemes": {"adminKey": {"type": "http", "scheme": "bearer", "description": "An admin key."}},
        },
    }


def encoded() -> bytes:
    """Give the document as JSON for people to read; the same bytes each time."""
    return msgspec.json.format(msgspec.json.encode(document()), indent=2) + b"\n"


def _types() -> list[type[Struct]]:
    given = [kind for operation in OPERATIONS for kind in (operation.params, operation.answer, *operation.bodies)]
    return list(dict.fromkeys(given))


def _any_value(kind: type) -> Document:
    if kind is object:
        return {}
    raise NotImplementedError(kind)


def _operation(operation: Operation, components: Mapping[str, Any]) -> Document:
    shown: Document = {
        "operationId": operation.name,
        "summary": operation.summary,
        "responses": {"200": _answer(operation.answer), **_refusals((*COMMON_FAULTS, *operation.faults))},
    }
    if parameters := _parameters(operation, components):
        shown["parameters"] = parameters
    if operation.bodies:
        shapes = [{"$ref": REF.format(name=kind.__name__)} for kind in operation.bodies]
        shown["requestBody"] = {"required": True, "content": {"application/json": {"schema": {"oneOf": shapes}}}}
    return shown


def _parameters(operation: Operation, components: Mapping[str, Any]) -> list[Document]:
    def of(shape: type[Struct], **place: object) -> list[Document]:
        properties = components[shape.__name__]["properties"]
        return [{"name": name, **place, "schema": schema} for name, schema in properties.items()]

    shown = of(operation.params, **{"in": "path", "required": True})
    return [*shown, *of(OfPage, **{"in": "query"})] if operation.is_paged else shown


def _answer(kind: type[Struct], description: str = "Done") -> Document:
    return {"description": description, "content": _json(kind)}


def _json(kind: type[Struct]) -> Document:
    return {"application/json": {"schema": {"$ref": REF.format(name=kind.__name__)}}}


def _refusals(codes: tuple[str, ...]) -> Document:
    by_status: defaultdict[int, list[str]] = defaultdict(list)
    for code in codes:
        by_status[CODES[code].status].append(code)
    return {
        str(status): {"description": "Refused: " + ", ".join(by_status[status]), "content": _json(Fault)}
        for status in sorted(by_status)
    }


def _healthz() -> Document:
    return {
        "get": {
            "operationId": "healthz",
            "summary": "Whether the process answers",
            "security": [],
            "responses": {"200": _answer(Alive, "It does")},
        }
    }


def _readyz() -> Document:
    return {
        "get": {
            "operationId": "readyz",
            "summary": "Whether the node takes work, and how its parts are",
            "security": [],
            "responses": {"200": _answer(Readiness, "It does"), "503": _answer(Readiness, "It does not")},
        }
    }


def _metrics() -> Document:
    return {
        "get": {
            "operationId": "metrics",
            "summary": "Metrics for Prometheus; see the metrics page",
            "security": [{}, {"adminKey": []}],
            "responses": {
                "200": {"description": "Metrics", "content": {"text/plain": {"schema": {"type": "string"}}}},
                **_refusals(("token_missing", "token_invalid", "not_found")),
            },
        }
    }
