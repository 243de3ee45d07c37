"""What a client may not send, seen at each place where a read can end."""

from collections.abc import Iterator

import pytest

from unisono.gateways.hosting.masked import PIECES_MAX, MaskedReader

OFFENCE = b"\xf0\x80"


class Noting:
    """Stands in for the library's reader."""

    def __init__(self) -> None:
        self.data = b""
        self.is_over = False

    def feed_data(self, data: bytes) -> tuple[bool, bytes]:
        self.data += data
        return data.endswith(OFFENCE), b""

    def feed_eof(self) -> None:
        self.is_over = True


def frame(size: int, first: int = 0x82, mask_bit: int = 0x80) -> bytes:
    if size < 126:
        head = bytes((first, mask_bit | size))
    elif size < 65_536:
        head = bytes((first, mask_bit | 126)) + size.to_bytes(2, "big")
    else:
        head = bytes((first, mask_bit | 127)) + size.to_bytes(8, "big")
    # The payload looks like frames that are not masked.
    return head + (b"\x01" * 4 if mask_bit else b"") + b"\x82\x00" * (size // 2) + b"\x82" * (size % 2)


SIZES = (0, 1, 2, 3, 125, 126, 127, 300, 65_535, 65_536, 0, 7)


def pieces(data: bytes, size: int) -> Iterator[bytes]:
    return (data[at : at + size] for at in range(0, len(data), size))


@pytest.mark.parametrize("step", [1, 2, 3, 5, 7, 11, 64, 1000, 65_537, 1 << 20])
def test_masked_frames_pass_wherever_a_read_ends(step: int) -> None:
    reader = Noting()
    masked = MaskedReader(reader)
    data = b"".join(map(frame, SIZES))
    for piece in pieces(data, step):
        assert masked.feed_data(piece) == (False, b"")
    assert reader.data == data
    masked.feed_eof()
    assert reader.is_over


@pytest.mark.parametrize("step", [1, 2, 3, 5, 7, 11, 64, 1000, 1 << 20])
@pytest.mark.parametrize("size", [0, 1, 125, 126, 65_536])
@pytest.mark.parametrize("first", [0x81, 0x82, 0x01, 0x89, 0x8A, 0x88])
def test_a_frame_that_is_not_masked_is_an_offence_and_nothing_after_it_is_read(
    step: int, size: int, first: int
) -> None:
    reader = Noting()
    masked = MaskedReader(reader)
    before = b"".join(map(frame, (3, 300, 0)))
    ends = [masked.feed_data(piece)[0] for piece in pieces(before + frame(size, first, mask_bit=0) + frame(5), step)]
    assert reader.data == before + OFFENCE
    assert sum(ends) == 1


def test_a_message_has_only_so_many_pieces() -> None:
    reader = Noting()
    masked = MaskedReader(reader)
    begun, more, ping, last = frame(1, 0x02), frame(0, 0x00), frame(2, 0x89), frame(1, 0x80)
    allowed = begun + more * (PIECES_MAX - 2) + ping + last
    masked.feed_data(allowed * 2)
    assert reader.data == allowed * 2
    masked.feed_data(begun + more * (PIECES_MAX - 2) + ping)
    assert not reader.data.endswith(OFFENCE)
    masked.feed_data(more)
    assert reader.data.endswith(OFFENCE)
