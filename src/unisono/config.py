"""Settings from a TOML file, the environment and the command line, in rising priority.

`UNISONO_SERVER__PORT=9000` sets `server.port`. Lists are separated by commas or written as JSON. A secret may stand in
a file of its own: `identity.jwt.secret_file` instead of `identity.jwt.secret`. An unknown key stops the start.
"""

import difflib
import json
import os
import secrets
import tomllib
from collections.abc import Iterator, Mapping, MutableMapping
from pathlib import Path
from types import UnionType
from typing import Annotated, Any, Final, Union, get_args, get_origin, get_type_hints

import msgspec
from msgspec import Struct, structs

from unisono.secret import Secret
from unisono.settings import SECRET_MIN_BYTES, Algorithm, Jwt, Settings

ENVIRONMENT_PREFIX: Final = "UNISONO_"
NESTING: Final = "__"
FILE_SUFFIX: Final = "_file"
TOKEN_KEY_FILE: Final = "token.key"  # noqa: S105  (the name of a file)
ADMIN_KEY_FILE: Final = "admin.key"
FILES_KEY_FILE: Final = "files.key"
OWN_VARIABLES: Final = frozenset({"UNISONO_CONFIG", "UNISONO_ADMIN_KEY", "UNISONO_URL", "UNISONO_TOKEN"})
"""Variables of the command line that are no settings."""

Tree = MutableMapping[str, Any]


class ConfigError(Exception):
    """A setting that cannot be meant. Its text names the key, where it stands, and what was probably meant."""


def load(
    file: Path | None = None,
    environment: Mapping[str, str] | None = None,
    overrides: Mapping[str, object] | None = None,
) -> Settings:
    """Read settings. `overrides` are dotted keys, as from the command line; those with None are passed over.

    Raises:
        ConfigError: A file cannot be read, a key is unknown, or a value is out of range.
    """
    tree: Tree = {}
    if file is not None:
        _merge(tree, _read_toml(file), str(file))
    _merge(tree, _from_environment(environment or {}), "the environment")
    _merge(tree, _from_overrides(overrides or {}), "the command line")
    try:
        return msgspec.convert(tree, Settings, strict=False, dec_hook=_from_plain)
    except msgspec.ValidationError as problem:
        raise ConfigError(_explain(problem)) from None


def with_generated_secrets(settings: Settings) -> Settings:
    """Put in the keys that were not given: read from the data directory, or made there, readable by the owner only.

    Safe to call from two processes at once: both get the same keys.
    """
    if not settings.admin.keys:
        keys = (_kept_secret(settings.data_dir / ADMIN_KEY_FILE),)
        settings = structs.replace(settings, admin=structs.replace(settings.admin, keys=keys))
    if settings.files.secret is None:
        secret = _kept_secret(settings.data_dir / FILES_KEY_FILE)
        settings = structs.replace(settings, files=structs.replace(settings.files, secret=secret))
    if _needs_token_key(settings):
        secret = _kept_secret(settings.data_dir / TOKEN_KEY_FILE)
        jwt = structs.replace(settings.identity.jwt, secret=secret)
        settings = structs.replace(settings, identity=structs.replace(settings.identity, jwt=jwt))
    return settings


def keys_of(struct: type[Struct] = Settings, prefix: str = "") -> Iterator[tuple[str, Any]]:
    """List all settings as dotted key and type, `…_file` keys of secrets included."""
    hints = get_type_hints(struct, include_extras=True)
    for name in struct.__struct_fields__:
        kind = _bare(hints[name])
        if _is_section(kind):
            yield from keys_of(kind, f"{prefix}{name}.")
            continue
        yield prefix + name, kind
        if _holds_secret(kind):
            yield prefix + name + FILE_SUFFIX, Path


def _needs_token_key(settings: Settings) -> bool:
    jwt: Jwt = settings.identity.jwt
    shared: Algorithm = "HS256"
    # A function that knows its users by itself says nothing of grants: they are signed all the same.
    is_signed = settings.identity.kind != "callable" or settings.grants.required
    return bool(is_signed) and jwt.secret is None and shared in jwt.algorithms


def _kept_secret(path: Path) -> Secret:
    if not path.exists():
        _make_secret(path)
    try:
        secret = Secret(path.read_text(encoding="utf-8").strip())
    except OSError as problem:
        raise ConfigError(f"cannot read {path}: {problem.strerror}") from None
    if len(secret.reveal().encode()) < SECRET_MIN_BYTES:
        raise ConfigError(f"{path} holds less than {SECRET_MIN_BYTES} bytes; delete it and a new one is made")
    return secret


def _make_secret(path: Path) -> None:
    draft = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as problem:
        raise ConfigError(f"cannot write {path}: {problem.strerror}") from None
    try:
        descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w", encoding="utf-8") as target:
            target.write(secrets.token_urlsafe(32) + "\n")
            target.flush()
            os.fsync(target.fileno())
        # A link, unlike a rename, leaves the file of another process that was faster.
        os.link(draft, path)
    except FileExistsError:
        pass
    except OSError as problem:
        raise ConfigError(f"cannot write {path}: {problem.strerror}") from None
    finally:
        draft.unlink(missing_ok=True)


def _read_toml(file: Path) -> Tree:
    try:
        return tomllib.loads(file.read_text(encoding="utf-8"))
    except OSError as problem:
        raise ConfigError(f"cannot read {file}: {problem.strerror}") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as problem:
        raise ConfigError(f"{file} is not TOML: {problem}") from None


def _from_environment(environment: Mapping[str, str]) -> Tree:
    tree: Tree = {}
    for name, value in sorted(environment.items()):
        if not name.startswith(ENVIRONMENT_PREFIX) or name in OWN_VARIABLES:
            continue
        _put(tree, name.removeprefix(ENVIRONMENT_PREFIX).lower().split(NESTING), value)
    return tree


def _from_overrides(overrides: Mapping[str, object]) -> Tree:
    tree: Tree = {}
    for key, value in overrides.items():
        if value is not None:
            _put(tree, key.split("."), value)
    return tree


def _put(tree: Tree, path: list[str], value: object) -> None:
    for part in path[:-1]:
        tree = tree.setdefault(part, {})
    tree[path[-1]] = value


def _merge(tree: Tree, layer: Tree, source: str) -> None:
    """Lay a layer over a tree, after its keys were checked and its secret files read."""
    known = dict(keys_of())
    for key, value in _leaves(layer, known):
        kind = known.get(key)
        if kind is None:
            raise ConfigError(f"unknown setting `{key}` in {source}{_nearest(key, known)}")
        if _is_secret_file(key, known):
            target, text = key.removesuffix(FILE_SUFFIX), _read_secret(key, value)
            _put(tree, target.split("."), _parsed(target, text, known))
        else:
            _put(tree, key.split("."), _parsed(key, value, known))


def _leaves(layer: Tree, known: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    sections = {key[:end] for key in known for end, char in enumerate(key) if char == "."}
    for name, value in layer.items():
        key = prefix + name
        if isinstance(value, dict) and key not in known and (value or key in sections):
            yield from _leaves(value, known, key + ".")
        elif key in sections:
            raise ConfigError(f"`{key}` is a table of settings, not a value")
        else:
            yield key, value


def _nearest(key: str, known: Mapping[str, Any]) -> str:
    by_last = {name: name for name in known}
    close = difflib.get_close_matches(key, by_last, n=1, cutoff=0.6)
    if not close:
        same_name = [name for name in known if name.rpartition(".")[2] == key.rpartition(".")[2]]
        close = same_name[:1]
    return f"; did you mean `{close[0]}`?" if close else ""


def _is_secret_file(key: str, known: Mapping[str, Any]) -> bool:
    return key.endswith(FILE_SUFFIX) and _holds_secret(known.get(key.removesuffix(FILE_SUFFIX)))


def _read_secret(key: str, value: object) -> str:
    try:
        return Path(str(value)).read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as problem:
        reason = problem.strerror if isinstance(problem, OSError) else "not text"
        raise ConfigError(f"cannot read {value} for `{key}`: {reason}") from None


def _parsed(key: str, value: object, known: Mapping[str, Any]) -> object:
    """Turn text from the environment or a file into a list or table where the setting is one."""
    if not isinstance(value, str):
        return value
    kind = known[key]
    text = value.strip()
    if text.startswith(("[", "{")) and kind not in (str, Path, Secret):
        try:
            return json.loads(text)
        except ValueError:
            raise ConfigError(f"`{key}` is not JSON") from None
    if get_origin(kind) is tuple:
        return [part.strip() for part in text.replace("\n", ",").split(",") if part.strip()]
    return value


def _bare(hint: Any) -> Any:
    while get_origin(hint) is Annotated:
        hint = get_args(hint)[0]
    if get_origin(hint) in (Union, UnionType) and type(None) in get_args(hint):
        rest = [_bare(part) for part in get_args(hint) if part is not type(None)]
        return rest[0] if len(rest) == 1 else hint
    return hint


def _is_section(kind: Any) -> bool:
    return isinstance(kind, type) and issubclass(kind, Struct)


def _holds_secret(kind: Any) -> bool:
    return kind is Secret or Secret in get_args(kind)


def _from_plain(kind: type, value: object) -> object:
    if isinstance(value, kind):
        return value
    if kind is Secret and isinstance(value, str):
        return Secret(value)
    if kind is Path and isinstance(value, str):
        return Path(value)
    raise ValueError(f"expected text, got {type(value).__name__}")


def _explain(problem: msgspec.ValidationError) -> str:
    text, _, at = str(problem).partition(" - at `$")
    key = at.rstrip("`").lstrip(".")
    return f"`{key}`: {text}" if key else text
