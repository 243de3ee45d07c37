"""The pages of docs/reference that are made from the code."""

import inspect
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Annotated, Any, get_args, get_origin, get_type_hints

import msgspec
from msgspec import Meta, Struct
from typer.main import get_command

from unisono.cli.configuration import describe
from unisono.cli.failing import MEANINGS, Exit
from unisono.cli.program import program
from unisono.config import ENVIRONMENT_PREFIX, FILE_SUFFIX, NESTING
from unisono.domain.devices import PRESETS, Policy
from unisono.domain.errors import leaves
from unisono.gateways.rest.openapi import encoded
from unisono.secret import Secret
from unisono.settings import Settings
from unisono.telemetry.metrics import METRICS
from unisono.wire.codes import CODES, Advice

MADE = "<!-- Made from the code by `make docs`. Do not edit. -->\n"

ADVICE = {
    Advice.RECONNECT: "come back at once, with jitter, and resume the session",
    Advice.LATER: "come back after the delay given, and resume",
    Advice.NEW_TOKEN: "get a new token, then log in",
    Advice.LOG_IN: "the session is gone: log in with the token at hand",
    Advice.STOP: "do not come back by yourself; a person has to act",
}


def configuration() -> str:
    """Give the page of all settings."""
    return "\n".join(
        [
            "# Configuration",
            "",
            MADE,
            "Settings come from a TOML file (`--config` or `UNISONO_CONFIG`), then from the environment, then from the",
            "command line; the later wins. An unknown key stops the start. `unisono config` shows what holds,",
            "`unisono check-config` says if a server could start with it.",
            "",
            f"In the environment a setting is named `{ENVIRONMENT_PREFIX}` and its path, `{NESTING}` for each dot:",
            f"`server.port` is `{ENVIRONMENT_PREFIX}SERVER{NESTING}PORT`. Lists are separated by commas.",
            "",
            f"A setting marked *secret* may instead be read from a file: add `{FILE_SUFFIX}` to its name. Without a",
            "token key, admin key or key of files the server makes one at its first start and keeps it in the data",
            "directory, readable by its owner only (`token.key`, `admin.key`, `files.key`).",
            "",
            *_section(Settings, describe(Settings()), ""),
            "## Presets of `sessions.policy`",
            "",
            "A slot holds so many; when it is full, the login named under *loses* is ended or refused.",
            "",
            "| preset | slots |",
            "|---|---|",
            *(f"| `{name}` | {_slots(policy)} |" for name, policy in PRESETS.items()),
            "",
        ]
    )


def _slots(policy: Policy) -> str:
    if not policy.slots:
        return "no limit"
    groups = "; ".join(f"{name}: {', '.join(platforms)}" for name, platforms in policy.groups.items())
    slots = "; ".join(
        f"{slot.capacity} {slot.counts} per {' and '.join(slot.key)}, the {slot.loser} loses" for slot in policy.slots
    )
    return f"{slots} ({groups})" if groups else slots


def errors() -> str:
    """Give the page of all error codes."""
    lines = [
        "# Error codes",
        "",
        MADE,
        "Every refusal and every close carries one of these codes. The close code is that of the WebSocket; the status",
        "is that of HTTP. *Repeat* says whether the same request may succeed later.",
        "",
        "| code | close | status | repeat | advice | meaning |",
        "|---|---|---|---|---|---|",
    ]
    for fault in leaves():
        code, meaning = CODES[fault.code], inspect.cleandoc(fault.__doc__ or "").splitlines()[0]
        repeat = "yes" if fault.retryable else "no"
        lines.append(f"| `{fault.code}` | {code.close} | {code.status} | {repeat} | {code.advice.value} | {meaning} |")
    lines += ["", "What a client does after a close:", ""]
    lines += [f"- `{advice.value}`: {text}." for advice, text in ADVICE.items()]
    return "\n".join(lines) + "\n"


def metrics() -> str:
    """Give the page of all metrics."""
    lines = [
        "# Metrics",
        "",
        MADE,
        "`/metrics` gives these to Prometheus, beside those of the process. Who may read it is `metrics.access` in",
        "[configuration](configuration.md).",
        "",
        "| name | type | label | meaning |",
        "|---|---|---|---|",
    ]
    lines += [
        f"| `{metric.shown_name}` | {metric.kind} | {f'`{metric.label}`' if metric.label else ''} | {metric.meaning} |"
        for metric in METRICS.values()
    ]
    return "\n".join(lines) + "\n"


def openapi() -> str:
    """Give the OpenAPI document."""
    return encoded().decode()


def commands() -> str:
    """Give the page of the command line."""
    lines = ["# Commands", "", MADE, "Exit codes:", ""]
    lines += [f"- {code.value}: {MEANINGS[code]}" for code in Exit]
    lines += ["- 130: It was interrupted with Ctrl-C.", ""]
    for path, command in _commands(get_command(program), ("unisono",)):
        context = command.make_context(path[-1], [], resilient_parsing=True, terminal_width=100)
        context.info_name = " ".join(path)
        lines += [f"## {' '.join(path)}", "", "```text", command.get_help(context), "```", ""]
    return "\n".join(lines)


def _commands(command: Any, path: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], Any]]:
    below = getattr(command, "commands", None)
    if below is None:
        yield path, command
        return
    for name in sorted(below):
        yield from _commands(below[name], (*path, name))


def _section(struct: type[Struct], defaults: Any, path: str) -> list[str]:
    hints = get_type_hints(struct, include_extras=True)
    rows, below = [], []
    for name in struct.__struct_fields__:
        kind, metas = _unwrapped(hints[name])
        if isinstance(kind, type) and issubclass(kind, Struct) and isinstance(defaults[name], dict):
            below += _section(kind, defaults[name], f"{path}.{name}" if path else name)
        else:
            rows.append(_row(name, kind, metas, defaults[name]))
    heading = f"## `[{path}]`" if path else "## At the top"
    meaning = inspect.cleandoc(struct.__doc__ or "")
    table = ["| setting | type | default | meaning |", "|---|---|---|---|", *rows, ""]
    return [heading, "", meaning, "", *table, *below]


def _row(name: str, kind: Any, metas: Sequence[Meta], default: object) -> str:
    meaning = " ".join(meta.description for meta in metas if meta.description)
    shown = "" if default in (None, []) or default == () else f"`{msgspec.json.encode(default).decode()}`"
    return f"| `{name}` | {_kind(kind, metas)} | {shown} | {meaning} |".replace("  ", " ")


def _kind(kind: Any, metas: Sequence[Meta]) -> str:
    if get_args(kind) and all(isinstance(value, str) for value in get_args(kind)):
        return "one of " + ", ".join(f"`{value}`" for value in get_args(kind))
    if get_origin(kind) is tuple:
        return "list of " + _kind(*_unwrapped(get_args(kind)[0]))
    if isinstance(kind, type):
        words = {Secret: "secret", str: "text", int: "integer", float: "number", bool: "true or false"}
        return words.get(kind, "path" if kind is Path else "table") + _range(metas)
    return "text or table"


def _range(metas: Sequence[Meta]) -> str:
    for meta in metas:
        if meta.ge is not None or meta.gt is not None:
            low = f"{meta.ge:g}" if meta.ge is not None else f"above {meta.gt:g}"
            return f", {low} to {meta.le:.10g}" if meta.le is not None else f", from {low}"
    return ""


def _unwrapped(hint: Any) -> tuple[Any, list[Meta]]:
    """Give a type without `Annotated` and `None`, and what was annotated on the way."""
    metas: list[Meta] = []
    while True:
        if get_origin(hint) is Annotated:
            metas += [meta for meta in get_args(hint)[1:] if isinstance(meta, Meta)]
            hint = get_args(hint)[0]
        elif _is_optional(hint):
            rest = [part for part in get_args(hint) if part is not type(None)]
            if len(rest) > 1:
                return hint, metas
            hint = rest[0]
        else:
            return hint, metas


def _is_optional(hint: Any) -> bool:
    return type(None) in get_args(hint)
