"""Frames to bytes and back, in the protocol's two encodings."""

import json
from collections.abc import Callable, Mapping
from dataclasses import replace
from itertools import pairwise
from typing import Final, NoReturn, cast

import msgpack

from unisono_sdk.answers import Answer, Facts, KnownAnswer, UnknownAnswer
from unisono_sdk.commands import Command
from unisono_sdk.errors import InvalidArgument, ProtocolFault
from unisono_sdk.facts import KnownFact, SeqFact, UnknownFact
from unisono_sdk.frames import Bye, Delivery, EventFrame, Refusal, Reply, Request, ServerFrame, UnknownFrame
from unisono_sdk.passing import KnownPassing, Passing, UnknownPassing
from unisono_sdk.structure import mapping, read, write

Payload = str | bytes
Dump = Callable[[object], Payload]
Load = Callable[[Payload], object]


class Codec:
    """One encoding: `subprotocol` is its WebSocket name."""

    def __init__(self, subprotocol: str, *, is_text: bool, dump: Dump, load: Load) -> None:
        self.subprotocol: Final = subprotocol
        self.is_text: Final = is_text
        self._dump = dump
        self._load = load

    def encode(self, request: Request) -> Payload:
        """Write a request.

        Raises:
            InvalidArgument: It holds something that the encoding cannot carry.
        """
        try:
            return self._dump({"id": request.id, "do": command_value(request.do)})
        except (TypeError, ValueError, OverflowError, RecursionError) as problem:
            raise InvalidArgument(f"this cannot be sent: {problem}") from None

    def decode(self, payload: Payload) -> ServerFrame:
        """Read what the server sent. Frames and facts of unknown kinds come out as such.

        Raises:
            ProtocolFault: It is not of this protocol.
        """
        if isinstance(payload, str) is not self.is_text:
            raise ProtocolFault("text frames carry JSON, binary frames MessagePack")
        return frame_of(_loaded(payload, self._load))


def load_json(payload: Payload) -> object:
    """Read a JSON value.

    Raises:
        ProtocolFault: It is none.
    """
    return _loaded(payload, _load_json)


def _loaded(payload: Payload, load: Load) -> object:
    try:
        return load(payload)
    except ProtocolFault:
        raise
    except (ValueError, RecursionError, msgpack.UnpackException, msgpack.StackError) as problem:
        raise ProtocolFault(f"not readable: {problem!s:.120}") from None


def command_value(command: Command) -> dict[str, object]:
    """Give the plain value of a command."""
    return {"op": command.op, **cast("dict[str, object]", write(command))}


def frame_of(value: object) -> ServerFrame:
    """Read a server frame from its plain value.

    Raises:
        ProtocolFault: It is none.
    """
    fields = mapping(value, "$")
    match fields.get("is"):
        case "reply":
            return Reply(re=read(int, fields.get("re"), "$.re"), answer=_answer(fields.get("answer")))
        case "error":
            return read(Refusal, fields)
        case "bye":
            return read(Bye, fields)
        case "facts":
            rest = read(Delivery, {**fields, "facts": ()})
            return Delivery(
                stream=rest.stream, epoch=rest.epoch, checkpoint=rest.checkpoint, facts=_facts(fields.get("facts"))
            )
        case "event":
            return EventFrame(event=_passing(fields.get("event")))
        case str(tag):
            return UnknownFrame(tag=tag)
        case _:
            raise ProtocolFault("$.is: missing")


def _answer(value: object) -> Answer:
    fields = mapping(value, "$.answer")
    kind = _kind(fields, "$.answer")
    if kind not in _ANSWERS:
        return UnknownAnswer(kind=kind, fields=_without_kind(fields))
    if kind != Facts.kind:
        return cast("KnownAnswer", read(cast("type[object]", KnownAnswer), fields, "$.answer"))
    rest = read(Facts, {**fields, "facts": ()}, "$.answer")
    return replace(rest, facts=_facts(fields.get("facts")))


def _facts(value: object) -> tuple[SeqFact, ...]:
    if not isinstance(value, list | tuple):
        raise ProtocolFault("$.facts: expected a list")
    facts = tuple(_seq_fact(mapping(each, "$.facts[]")) for each in value)
    for before, after in pairwise(facts):
        if after.seq != before.seq + 1:
            raise ProtocolFault(f"$.facts: a hole between {before.seq} and {after.seq}")
    return facts


def _seq_fact(fields: Mapping[str, object]) -> SeqFact:
    seq, at = read(int, fields.get("seq"), "$.facts[].seq"), read(int, fields.get("at"), "$.facts[].at")
    if seq < 1:
        raise ProtocolFault(f"$.facts[].seq: not a place: {seq}")
    return SeqFact(seq=seq, at=at, fact=fact_of(fields.get("fact")))


_ANSWERS: Final = frozenset(each.kind for each in KnownAnswer.__args__)
_PASSING: Final = frozenset(each.kind for each in KnownPassing.__args__)
_FACTS: Final = frozenset(each.kind for each in KnownFact.__args__)


def fact_of(value: object) -> KnownFact | UnknownFact:
    """Read a fact from its plain value.

    Raises:
        ProtocolFault: It is none, or one of a known kind that lacks something.
    """
    fields = mapping(value, "$.fact")
    kind = _kind(fields, "$.fact")
    if kind not in _FACTS:
        return UnknownFact(kind=kind, fields=_without_kind(fields))
    return cast("KnownFact", read(cast("type[object]", KnownFact), fields, "$.fact"))


def _passing(value: object) -> Passing:
    fields = mapping(value, "$.event")
    kind = _kind(fields, "$.event")
    if kind not in _PASSING:
        return UnknownPassing(kind=kind, fields=_without_kind(fields))
    return cast("KnownPassing", read(cast("type[object]", KnownPassing), fields, "$.event"))


def _kind(fields: Mapping[str, object], at: str) -> str:
    return read(str, fields.get("kind"), f"{at}.kind")


def _without_kind(fields: Mapping[str, object]) -> Mapping[str, object]:
    return {key: each for key, each in fields.items() if key != "kind"}


def _no_constant(word: str) -> NoReturn:
    raise ProtocolFault(f"not readable: {word} is not JSON")


def _dump_json(value: object) -> str:
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    text.encode()  # a lone surrogate is no text: found here, not in the socket
    return text


def _load_json(payload: Payload) -> object:
    return json.loads(payload, parse_constant=_no_constant)


def _dump_msgpack(value: object) -> bytes:
    return cast("bytes", msgpack.packb(value, use_bin_type=True))


def _load_msgpack(payload: Payload) -> object:
    return msgpack.unpackb(cast("bytes", payload), raw=False, strict_map_key=True)


JSON: Final = Codec("unisono.v1+json", is_text=True, dump=_dump_json, load=_load_json)
MSGPACK: Final = Codec("unisono.v1+msgpack", is_text=False, dump=_dump_msgpack, load=_load_msgpack)
CODECS: Final[Mapping[str, Codec]] = {"json": JSON, "msgpack": MSGPACK}
