"""An acknowledgement that overtakes the disk must be seen in the trace, however the lines are torn."""

import pytest

from tests.support.syscalls import overtaking, read_calls

WAL = "7</data/app.db-wal>"
SOCKET = "9<TCP:[127.0.0.1:1->127.0.0.1:2]>"
PLACE = ("c/a", 4)
MARKS = {PLACE: b"[mark]"}
ACK = b'{"is":"reply","re":1,"answer":{"kind":"placed","stream":"c/a","epoch":1,"seq":4,"at":1}}'


def text(content: bytes) -> str:
    """Give bytes as strace -xx does."""
    return '"' + "".join(f"\\x{byte:02x}" for byte in content) + '"'


WRITE = f"1 pwrite64({WAL}, {text(b'page with [mark] in it')}, 22, 4096) = 22"
SYNC = f"1 fdatasync({WAL}) = 0"
TELL = f"2 write({SOCKET}, {text(bytes([129, 80]) + ACK)}, 82) = 82"


def findings(*lines: str) -> list[str]:
    """Read a trace and give what overtook."""
    return list(overtaking(read_calls(lines), MARKS))


def test_written_synced_told_is_the_right_order() -> None:
    assert findings(WRITE, SYNC, TELL) == []
    assert findings(SYNC, WRITE, SYNC, TELL, TELL, SYNC) == []


def test_several_answers_in_one_write_are_all_read() -> None:
    other = ACK.replace(b'"seq":4', b'"seq":3')
    told = f"2 writev({SOCKET}, [{{iov_base={text(other)}}}, {{iov_base={text(ACK)}}}], 2) = 160"
    assert findings(WRITE, SYNC, told) == []
    assert len(findings(WRITE, told, SYNC)) == 1


@pytest.mark.parametrize(
    ("lines", "says"),
    [
        ((WRITE, TELL, SYNC), "synced at line 2"),
        ((SYNC, WRITE, TELL), "never synced"),
        ((WRITE, SYNC.replace("= 0", "= -1 EIO (Input/output error)"), TELL), "never synced"),
        ((SYNC, TELL), "never synced"),
        ((WRITE, SYNC.replace("-wal", ""), TELL), "never synced"),
        ((WRITE, SYNC), "no acknowledgement"),
        ((WRITE, SYNC, TELL.replace("TCP", "FILE")), "no acknowledgement"),
    ],
)
def test_each_wrong_order_is_seen(lines: tuple[str, ...], says: str) -> None:
    assert any(says in finding for finding in findings(*lines))


def test_a_sync_that_began_before_the_write_had_ended_is_none() -> None:
    begun = WRITE.rpartition(")")[0] + " <unfinished ...>"
    assert findings(begun, SYNC.replace("1 ", "3 ", 1), "1 <... pwrite64 resumed>) = 22", TELL) != []
    assert findings(begun, "1 <... pwrite64 resumed>) = 22", SYNC, TELL) == []


def test_a_sync_that_had_not_ended_when_it_was_told_is_too_late() -> None:
    begun = f"1 fdatasync({WAL} <unfinished ...>"
    ended = "1 <... fdatasync resumed>) = 0"
    assert findings(WRITE, begun, TELL, ended) != []
    assert findings(WRITE, begun, ended, TELL) == []


def test_paths_in_hexadecimal_are_read() -> None:
    hexadecimal = "7<" + "".join(f"\\x{ord(letter):02x}" for letter in "/data/app.db-wal") + ">"
    assert findings(WRITE.replace(WAL, hexadecimal), SYNC, TELL) == []
