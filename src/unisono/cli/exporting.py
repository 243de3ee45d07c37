"""`unisono export`: what is kept of a user, into a file."""

import os
from collections.abc import Iterable
from pathlib import Path
from typing import Final

import msgspec
from msgspec import Struct

from unisono.cli.failing import Exit, Failure
from unisono.cli.operating import Operator
from unisono.cli.printing import console, print_json

OWNER_ONLY: Final = 0o600


class End(Struct, frozen=True, tag_field="is", tag="end"):
    """The last line of a whole export."""

    lines: int


def export_user(operator: Operator, user: str, out: Path, *, as_json: bool) -> None:
    """Write an export, whole or not at all: it is put in place when it is complete. Others cannot read the file.

    Raises:
        Failure: It was refused, broke off, or cannot be written.
    """
    part = out.with_name(out.name + ".part")
    try:
        count = _write(operator.lines("users", user, "export"), part)
        part.replace(out)
    except OSError as problem:
        raise Failure(f"cannot write {out}: {problem.strerror}", exit_code=Exit.USAGE) from None
    finally:
        part.unlink(missing_ok=True)
    if as_json:
        print_json({"lines": count, "file": str(out)})
    else:
        console().print(f"Wrote {count} line{'' if count == 1 else 's'} to {out}.", markup=False)


def _write(lines: Iterable[bytes], part: Path) -> int:
    count, last = 0, b""
    with open(part, "wb", opener=lambda name, flags: os.open(name, flags, OWNER_ONLY)) as file:
        for line in lines:
            file.write(line)
            count, last = count + 1, line
    if not _is_end(last, count - 1):
        raise Failure("the export broke off", hint="try again; the server's log may say why")
    return count


def _is_end(line: bytes, lines: int) -> bool:
    try:
        return msgspec.json.decode(line, type=End).lines == lines
    except msgspec.MsgspecError:
        return False
