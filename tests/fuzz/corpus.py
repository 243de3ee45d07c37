"""The corpus of malformed frames, made from the operations themselves: a new one is covered when it is declared.

`corpus.jsonl` holds one frame a line:

- `name`: unique; what is wrong with it
- `subprotocol`, and `frame`: `text` or `binary`, the kind of WebSocket frame it is sent in
- `when`: `before` or `after` a login
- `bytes`: the payload in base64
- `code`: the error that answers it; `re`: the id that the error repeats
- `ends`: whether the connection ends with it
- `by`: `codec` when the frame cannot be read; `dialogue` when it can, but has no place there
"""

import base64
from collections.abc import Iterator

import msgspec
from msgspec import Struct

from tests.fuzz.bad_bytes import bad_json, bad_msgpack
from tests.fuzz.bad_envelopes import bad_envelopes, bad_values, written
from tests.fuzz.bad_fields import bad_fields
from tests.vectors.refused import LOGIN
from unisono.wire.native import JSON, MSGPACK, SUBPROTOCOLS, codec_of, request_id_of


class Entry(Struct, frozen=True, kw_only=True):
    """One malformed frame and what becomes of it."""

    name: str
    subprotocol: str
    frame: str
    when: str
    encoded: str = msgspec.field(name="bytes")
    code: str
    re: int
    ends: bool
    by: str = "codec"

    @property
    def payload(self) -> bytes:
        """Give the frame's payload."""
        return base64.b64decode(self.encoded)


def corpus() -> str:
    """Give corpus.jsonl."""
    return "".join(f"{msgspec.json.encode(entry).decode()}\n" for entry in entries())


def entries() -> Iterator[Entry]:
    """Give all frames, each only once."""
    seen: set[tuple[str, str, str, str]] = set()
    for entry in _entries():
        sent = (entry.subprotocol, entry.frame, entry.when, entry.encoded)
        if sent not in seen:
            seen.add(sent)
            yield entry


def _entries() -> Iterator[Entry]:
    for name, payload, code in (*bad_json(), *bad_values(JSON), *bad_envelopes(JSON), *bad_fields(JSON)):
        yield _after(name, JSON, payload, code)
    for name, payload, code in (*bad_msgpack(), *bad_values(MSGPACK), *bad_envelopes(MSGPACK), *bad_fields(MSGPACK)):
        yield _after(name, MSGPACK, payload, code)
    for subprotocol in SUBPROTOCOLS:
        yield from _wrong_kind(subprotocol)
        yield from _out_of_place(subprotocol)
        yield from _before(subprotocol)


def _entry(name: str, subprotocol: str, payload: bytes, code: str, **more: object) -> Entry:
    frame = "text" if subprotocol == JSON else "binary"
    shown = f"{subprotocol.rpartition('+')[2]}: {name}"
    entry = Entry(
        name=shown,
        subprotocol=subprotocol,
        frame=frame,
        when="after",
        encoded=base64.b64encode(payload).decode(),
        code=code,
        re=0,
        ends=False,
    )
    return msgspec.structs.replace(entry, **more)


def _after(name: str, subprotocol: str, payload: bytes, code: str) -> Entry:
    request = request_id_of(payload, codec_of(subprotocol))
    return _entry(name, subprotocol, payload, code, re=request, ends=request == 0)


def _first(name: str, subprotocol: str, payload: bytes, code: str) -> Entry:
    request = request_id_of(payload, codec_of(subprotocol))
    return _entry(f"{name}, before login", subprotocol, payload, code, when="before", re=request, ends=True)


def _wrong_kind(subprotocol: str) -> Iterator[Entry]:
    other = MSGPACK if subprotocol == JSON else JSON
    frame = "binary" if subprotocol == JSON else "text"
    for kind, encoding in (("own", subprotocol), ("other", other)):
        payload = written(encoding, {"id": 7, "do": {"op": "ping"}})
        by = "dialogue" if kind == "own" else "codec"
        name = f"{frame} frame with the {kind} encoding"
        if frame == "binary" or kind == "other":
            yield _entry(name, subprotocol, payload, "malformed", frame=frame, ends=True, by=by)


def _out_of_place(subprotocol: str) -> Iterator[Entry]:
    resume = {"op": "resume", "session": "s", "resume_token": "t"}
    for name, do in (("second login", LOGIN), ("resume after login", resume)):
        payload = written(subprotocol, {"id": 7, "do": do})
        yield _entry(name, subprotocol, payload, "already_greeted", re=7, by="dialogue")


def _before(subprotocol: str) -> Iterator[Entry]:
    for op in ("ping", "sync", "conversations", "sessions", "logout"):
        payload = written(subprotocol, {"id": 7, "do": {"op": op}})
        yield _entry(
            f"{op} before login", subprotocol, payload, "not_greeted", when="before", re=7, ends=True, by="dialogue"
        )
    bad = bad_json() if subprotocol == JSON else bad_msgpack()
    for name, payload, code in (*list(bad)[:12], *list(bad_envelopes(subprotocol))[:12]):
        yield _first(name, subprotocol, payload, code)
    for name, do in (
        ("operation not known", {"op": "teleport"}),
        ("login without a device", {"op": "login", "login": "12345678"}),
        ("login with an unknown field", {**LOGIN, "admin": True}),
        ("resume without a token", {"op": "resume", "session": "s"}),
    ):
        payload = written(subprotocol, {"id": 7, "do": do})
        code = "unsupported" if do["op"] == "teleport" else "malformed"
        yield _first(name, subprotocol, payload, code)
