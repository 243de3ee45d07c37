"""The bodies of long polling: what is read, what is refused, and frames that are joined as they are."""

import json

import pytest

from unisono.domain.errors import Malformed
from unisono.wire.longpoll import (
    FRAMES_MAX,
    Batch,
    Close,
    Goodbye,
    Open,
    Opened,
    Poll,
    Send,
    Taken,
    array,
    piece,
    read,
    write,
)


def test_frames_stay_as_they_came() -> None:
    ask = read(b'{"connection": "c", "batch": 3, "frames": [{"id":1 , "do": "\\u00e4"}, 7]}', Send)
    assert (ask.connection, ask.batch) == ("c", 3)
    assert [bytes(frame) for frame in ask.frames] == [b'{"id":1 , "do": "\\u00e4"}', b"7"]


def test_frames_of_an_opening_and_a_shorter_wait_may_be_left_out() -> None:
    assert read(b"{}", Open).frames == ()
    assert read(b'{"connection": "c", "after": 0}', Poll).wait_s is None


@pytest.mark.parametrize(
    ("kind", "body"),
    [
        (Open, b""),
        (Open, b"[]"),
        (Open, b"{'frames': []}"),
        (Open, b'{"frames": {}}'),
        (Open, b'{"frame": []}'),
        (Open, b"[" * 100_000),
        (Open, b'{"frames": [' + b"0," * FRAMES_MAX + b"0]}"),
        (Send, b'{"connection": "c", "batch": 0, "frames": []}'),
        (Send, b'{"connection": "c", "batch": 9007199254740992, "frames": []}'),
        (Send, b'{"connection": "c", "batch": 1}'),
        (Send, b'{"connection": "", "batch": 1, "frames": []}'),
        (Poll, b'{"connection": "c", "after": -1}'),
        (Poll, b'{"connection": "c", "after": 1.5}'),
        (Poll, b'{"connection": "c", "after": 1, "wait_s": -1}'),
        (Poll, b'{"connection": "\xff", "after": 1}'),
        (Close, b'{"connection": 5}'),
        (Close, b"{}"),
    ],
)
def test_what_is_something_else_is_refused(
    kind: type[Open] | type[Send] | type[Poll] | type[Close], body: bytes
) -> None:
    with pytest.raises(Malformed):
        read(body, kind)


def test_so_many_frames_are_taken() -> None:
    assert len(read(b'{"frames": [' + b"0," * (FRAMES_MAX - 1) + b"0]}", Open).frames) == FRAMES_MAX


def test_pieces_that_were_joined_on_the_way_are_one_array() -> None:
    joined = piece(b'{"is":"bye"}') + piece(b"2")
    batch = Batch(4, array([piece(b"1"), joined, piece(b"3")]), Goodbye(1012, "soon"))
    assert json.loads(write(batch)) == {
        "batch": 4,
        "frames": [1, {"is": "bye"}, 2, 3],
        "close": {"code": 1012, "reason": "soon"},
    }


def test_what_is_not_there_is_left_out() -> None:
    assert json.loads(write(Opened("c", 25.0, 0, array(())))) == {
        "connection": "c",
        "wait_s": 25.0,
        "batch": 0,
        "frames": [],
    }
    assert json.loads(write(Taken(7))) == {"batch": 7}
