"""Links to files: where one is put, and where it is read.

A link is a path of ours with, where it ends some day, the instant of its end and a proof that we made it. Of what the
uploader said it has the ending of the name alone, if that is letters and digits.
"""

import hashlib
import hmac
import re
from typing import Final, Literal

from unisono.app.options import FileRules
from unisono.domain.errors import Forbidden
from unisono.domain.ids import FileId, Instant
from unisono.ports.files import FileRecord

Act = Literal["put", "get"]

_ENDING: Final = re.compile(r"\.[A-Za-z0-9]{1,8}(?![\s\S])")


class FileLinks:
    """Makes links, and knows its own."""

    def __init__(self, rules: FileRules) -> None:
        self._rules = rules

    def to_put(self, record: FileRecord) -> tuple[str, Instant]:
        """Give the link by which the bytes of a file are sent, once, and when it ends."""
        until = Instant(record.created_at + int(self._rules.upload_s * 1000))
        return f"{self._rules.address}/{record.id}?{self._proof('put', record.id, until)}", until

    def to_get(self, record: FileRecord) -> str:
        """Give the link by which a file is read."""
        if record.url is not None:
            return record.url
        ending = _ENDING.search(record.name)
        plain = f"{self._rules.address}/{record.id}{ending[0].lower() if ending else ''}"
        if self._rules.links == "public":
            return plain
        until = Instant(record.created_at + int(self._rules.link_s * 1000))
        return f"{plain}?{self._proof('get', record.id, until)}"

    def check(self, act: Act, file: FileId, given: tuple[str, str], now: Instant) -> None:
        """Let somebody through who came with a link of ours: `given` are the end and the proof that it says.

        Raises:
            Forbidden: It is over, or none of ours.
        """
        if act == "get" and self._rules.links == "public":
            return
        until, proof = given
        # What can be no number of ours is not worth a look.
        right = self._proof_of(act, file, until) if until.isdecimal() and until.isascii() and len(until) < 17 else ""
        if not right or not hmac.compare_digest(right.encode(), proof.encode()):
            raise Forbidden(reason="not a link of this server")
        if now >= int(until):
            raise Forbidden(reason="the link is over", until=int(until))

    def _proof(self, act: Act, file: FileId, until: Instant) -> str:
        return f"until={until}&proof={self._proof_of(act, file, str(until))}"

    def _proof_of(self, act: Act, file: FileId, until: str) -> str:
        said = f"{act}\n{self._rules.address}\n{file}\n{until}".encode()
        return hmac.new(self._rules.secret, said, hashlib.sha256).hexdigest()
