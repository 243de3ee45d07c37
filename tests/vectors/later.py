"""What a later server may send: new fields, new kinds, new words. A client of today reads what it knows."""

from collections.abc import Iterator

Plain = dict[str, object]

LABEL: Plain = {"platform": "ios", "label": "Ann's phone"}
MESSAGE: Plain = {"kind": "message", "sender": "ann", "key": "k1", "content": {"text": "hello"}}
NEW_FACT: Plain = {"kind": "enchanted", "by": "bob", "to": 2, "with": "\U0001f44d"}


def delivery(*facts: Plain, **more: object) -> Plain:
    """Make a delivery of facts from seq 4 on."""
    entries = [{"seq": seq, "at": 1_795_219_200_123, "fact": fact} for seq, fact in enumerate(facts, 4)]
    return {"is": "facts", "stream": "c/x", "epoch": 1, "facts": entries, "checkpoint": 4711, **more}


def frames() -> Iterator[tuple[str, Plain, Plain | None]]:
    """Give each frame's name, its value, and what a client of today makes of it; None when it passes over the frame."""
    done: Plain = {"is": "reply", "re": 7, "answer": {"kind": "done"}}
    yield "a new field beside an answer", {**done, "cost_us": 12}, done
    yield "a new field in an answer", {**done, "answer": {"kind": "done", "at": 5}}, done
    placed: Plain = {"kind": "placed", "stream": "c/x", "epoch": 1, "seq": 4, "at": 5}
    yield (
        "a new field before the known ones",
        {"v": 2, "is": "reply", "re": 7, "answer": {"v": {"a": [1]}, **placed}},
        {"is": "reply", "re": 7, "answer": placed},
    )
    yield (
        "a new answer",
        {**done, "answer": {"kind": "weather", "sun": True}},
        {**done, "answer": {"kind": "weather", "sun": True}},
    )
    yield "a new field in a delivery", delivery(MESSAGE, origin="node-2"), delivery(MESSAGE)
    yield "a new field in a fact", delivery({**MESSAGE, "edited": False}), delivery(MESSAGE)
    content: Plain = {"text": "hello", "language": "en"}
    yield "a new field in a message's content", delivery({**MESSAGE, "content": content}), delivery(MESSAGE)
    yield "a new fact between known ones", delivery(MESSAGE, NEW_FACT, MESSAGE), delivery(MESSAGE, NEW_FACT, MESSAGE)
    ended: Plain = {"kind": "session_ended", "session": "s1", "device": "d1", "reason": "suspended"}
    yield "a new reason for an end", delivery(ended), delivery(ended)
    error: Plain = {"is": "error", "re": 7, "code": "payment_required", "message": "pay first", "retryable": False}
    yield "a new error code", error, {key: value for key, value in error.items() if key != "retryable"}
    bye: Plain = {"is": "bye", "code": "displaced", "message": "m", "advice": "stop", "newcomer": LABEL}
    yield "a new field in a newcomer", {**bye, "newcomer": {**LABEL, "country": "NZ"}}, bye
    strange: Plain = {"is": "bye", "code": "suspended", "message": "m", "advice": "call_support"}
    yield "a new advice, which counts as later", strange, strange
    yield "a new frame", {"is": "typing", "stream": "c/x", "by": "bob"}, None
    yield "a new frame without anything", {"is": "tick"}, None
