"""Where a file is put."""

from unisono.domain.answer import Answer
from unisono.domain.ids import FileId, Instant


class Upload(Answer, frozen=True, tag="upload"):
    """Where the bytes of a file are put, once, by `PUT` and before `until`; where it is read then, and as what type.

    `put` and `url` begin with a slash where the operator told the server no address of its own.
    """

    file: FileId
    put: str
    until: Instant
    url: str
    type: str
