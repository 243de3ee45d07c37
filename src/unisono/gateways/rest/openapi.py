"""The OpenAPI document, made from the table of operations."""

from collections import defaultdict
from collections.abc import Mapping
from typing import Any, Final

import msgspec
from msgspec import Struct

from unisono import __version__
from unisono.gateways.rest.events import EVENT_STREAM
from unisono.gateways.rest.lines import JSON_LINES
from unisono.gateways.rest.operations import APP_HEADER, KEY_HEADER, KEY_PATTERN, InEvents, InLines, Operation
from unisono.gateways.rest.shapes import Alive, Fault, Readiness
from unisono.gateways.rest.table import OPERATIONS
from unisono.leancloud_settings import APP_NAME
from unisono.wire.codes import CODES

REF: Final = "#/components/schemas/{name}"
COMMON_FAULTS: Final = (
    "token_missing",
    "token_invalid",
    "forbidden",
    "not_found",
    "invalid",
    "rate_limited",
    "overloaded",
    "unavailable",
    "draining",
    "internal",
)
"""What every operation may answer with."""
BODY_FAULTS: Final = ("malformed", "unsupported", "timeout", "too_large")
"""What one that takes a body may answer with besides."""

DESCRIPTION: Final = (
    "What a backend does on a Unisono server, with an admin key: see its users' sessions and end them, and act on"
    " behalf of users. docs/protocol/rest.md is the text to this document."
)

Document = dict[str, Any]

_KEY: Final[Document] = {
    "name": KEY_HEADER,
    "in": "header",
    "description": "Asked again under the same key within a day, the same is answered, and nothing is done again.",
    "schema": {"type": "string", "pattern": f"^{KEY_PATTERN}$"},
}


_APP: Final[Document] = {
    "name": APP_HEADER,
    "in": "header",
    "description": "The app that is meant, on a server of several; left out, that of native clients.",
    "schema": {"type": "string", "pattern": APP_NAME},
}


def document() -> Document:
    """Give the document, as plain values."""
    types = [Fault, Alive, Readiness, *_types()]
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
            "description": DESCRIPTION,
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
    given = [
        kind
        for operation in OPERATIONS
        for kind in (operation.params, operation.query, *operation.answers, *operation.bodies)
    ]
    return list(dict.fromkeys(given))


def _any_value(kind: type) -> Document:
    if kind is object:
        return {"description": "Any JSON value that every reader keeps."}
    raise NotImplementedError(kind)


def _operation(operation: Operation, components: Mapping[str, Any]) -> Document:
    changes = () if operation.method == "GET" else ("key_reused",)
    faults = (*COMMON_FAULTS, *(BODY_FAULTS if operation.bodies else ()), *operation.faults, *changes)
    shown: Document = {
        "operationId": operation.name,
        "summary": operation.summary,
        "description": f"Needs the scope `{operation.scope}`.",
        "security": [{"adminKey": [operation.scope]}],
        "responses": {"200": _told(operation), **_refusals(tuple(dict.fromkeys(faults)))},
    }
    if parameters := _parameters(operation, components):
        shown["parameters"] = parameters
    if operation.bodies:
        shown["requestBody"] = {"required": True, "content": _json(*operation.bodies)}
    return shown


def _parameters(operation: Operation, components: Mapping[str, Any]) -> list[Document]:
    def of(shape: type[Struct], place: str) -> list[Document]:
        declared = components[shape.__name__]
        needed = {name: {"required": True} for name in declared.get("required", ())}
        return [
            {"name": name, "in": place, **needed.get(name, {}), "schema": schema}
            for name, schema in declared["properties"].items()
        ]

    shown = [*of(operation.params, "path"), *of(operation.query, "query"), _APP]
    if operation.method == "GET":
        return shown
    return [*shown, {**_KEY, "required": True} if operation.needs_key else _KEY]


def _answer(*kinds: type[Struct], description: str = "Done") -> Document:
    return {"description": description, "content": _json(*kinds)}


def _told(operation: Operation) -> Document:
    names = ", ".join(kind.__name__ for kind in operation.answers)
    match operation.carry_out:
        case InLines():
            return _text(JSON_LINES, f"Done: in each line one of {names}")
        case InEvents(name=name):
            return _text(EVENT_STREAM, f"Events `{name}`, the data of each one of {names}, until one of us ends it")
        case _:
            return _answer(*operation.answers)


def _text(content_type: str, description: str) -> Document:
    return {"description": description, "content": {content_type: {"schema": {"type": "string"}}}}


def _json(*kinds: type[Struct]) -> Document:
    shapes = [{"$ref": REF.format(name=kind.__name__)} for kind in kinds]
    return {"application/json": {"schema": shapes[0] if len(shapes) == 1 else {"oneOf": shapes}}}


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
            "responses": {"200": _answer(Alive, description="It does")},
        }
    }


def _readyz() -> Document:
    return {
        "get": {
            "operationId": "readyz",
            "summary": "Whether the node takes work, and how its parts are",
            "security": [],
            "responses": {
                "200": _answer(Readiness, description="It does"),
                "503": _answer(Readiness, description="It does not"),
            },
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
                **_refusals(("token_missing", "token_invalid", "forbidden", "not_found")),
            },
        }
    }
