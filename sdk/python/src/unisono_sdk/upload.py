"""Where a file goes."""

from dataclasses import dataclass
from typing import ClassVar


@dataclass(frozen=True, slots=True, kw_only=True)
class Upload:
    """Where a file is put, and where it is read then; with a slash at the beginning, on the server asked."""

    kind: ClassVar[str] = "upload"
    file: str
    put: str
    until: int
    url: str
    type: str
