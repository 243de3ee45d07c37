"""`unisono config` and `unisono check-config`: what holds, and whether it can."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import msgspec

from unisono.cli.failing import Exit, Failure
from unisono.cli.printing import console, print_json
from unisono.secret import Secret
from unisono.settings import Settings


def show_config(settings: Settings, *, as_json: bool) -> None:
    """Print all settings as they hold, each secret as `***`."""
    shown = describe(settings)
    if as_json:
        print_json(shown)
        return
    defaults = describe(Settings())
    for line, is_changed in _toml(shown, defaults):
        console().print(line, style="bold" if is_changed else None, markup=False)


def describe(settings: Settings) -> Mapping[str, object]:
    """Give settings as plain values for people to read, each secret as `***`."""
    shown: Mapping[str, object] = msgspec.to_builtins(settings, enc_hook=_shown)
    return shown


def _shown(value: object) -> object:
    if isinstance(value, Secret | Path):
        return "***" if isinstance(value, Secret) else str(value)
    raise NotImplementedError(type(value))


def _toml(table: Mapping[str, Any], defaults: Mapping[str, Any], name: str = "") -> Iterator[tuple[str, bool]]:
    """Give a table as lines of TOML, each with whether it differs from its default. Empty settings are comments."""
    nested = {key: value for key, value in table.items() if isinstance(value, dict) and key in defaults}
    if name:
        yield "", False
        yield f"[{name}]", False
    for key, value in table.items():
        if key not in nested:
            is_changed = value != defaults.get(key)
            yield (f"# {key} =" if value is None else f"{key} = {_value(value)}"), is_changed
    for key, value in nested.items():
        below = defaults[key] if isinstance(defaults[key], dict) else {}
        yield from _toml(value, below, f"{name}.{key}" if name else key)


def _value(value: object) -> str:
    if isinstance(value, dict):
        inside = ", ".join(f"{key} = {_value(part)}" for key, part in value.items())
        return f"{{ {inside} }}"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(_value(part) for part in value) + "]"
    return msgspec.json.encode(value).decode()


def check_config(settings: Settings) -> None:
    """Look at everything a start would need that settings alone do not show.

    Raises:
        Failure: Something cannot be used.
    """
    from unisono.clock import SystemClock
    from unisono.identity.faults import UnusableIdentityError
    from unisono.identity.function import load_function
    from unisono.identity.opening import keys_for
    from unisono.telemetry.recording import RecordingTelemetry

    identity = settings.identity
    try:
        if identity.kind == "callable" and identity.callable is not None:
            load_function(identity.callable)
        elif identity.jwt.secret is None and "HS256" not in identity.jwt.algorithms:
            keys_for(identity.jwt, SystemClock(), RecordingTelemetry())
    except UnusableIdentityError as problem:
        raise Failure(str(problem), exit_code=Exit.CONFIGURATION) from None
    console().print("The configuration can be used.")
