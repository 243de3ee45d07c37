"""Frames, read back by a parser that is not ours."""

from collections.abc import Generator
from io import BytesIO

import pytest
from websockets.frames import Frame, Opcode

from unisono.gateways.hosting.frames import BINARY, PONG, TEXT, frame


def read_back(raw: bytes) -> list[Frame]:
    """Read frames as a client does: unmasked, nothing left over."""
    stream = BytesIO(raw)

    def read_exact(size: int) -> Generator[None, None, bytes]:
        yield from ()
        data = stream.read(size)
        assert len(data) == size
        return data

    frames: list[Frame] = []
    while stream.tell() < len(raw):
        with pytest.raises(StopIteration) as answer:
            next(Frame.parse(read_exact, mask=False))
        frames.append(answer.value.value)
    return frames


@pytest.mark.parametrize(
    ("size", "head_bytes"),
    [(0, 2), (1, 2), (125, 2), (126, 4), (127, 4), (65_535, 4), (65_536, 10), (65_537, 10), (1 << 20, 10)],
)
@pytest.mark.parametrize("opcode", [TEXT, BINARY])
def test_a_frame_of_any_size_is_read_back_whole_and_its_head_is_as_short_as_can_be(
    size: int, head_bytes: int, opcode: int
) -> None:
    payload = bytes(index % 256 for index in range(size))
    raw = frame(payload, opcode)
    assert len(raw) == head_bytes + size
    assert read_back(raw) == [Frame(Opcode(opcode), payload)]


def test_a_pong_is_one() -> None:
    assert read_back(frame(b"are you there?", PONG)) == [Frame(Opcode.PONG, b"are you there?")]


def test_frames_that_share_a_write_are_read_back_one_by_one() -> None:
    sizes = (0, 125, 126, 65_535, 65_536, 3)
    raw = b"".join(frame(bytes(size), BINARY) for size in sizes)
    assert [len(read.data) for read in read_back(raw)] == list(sizes)
