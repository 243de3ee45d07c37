"""Log lines: one event, one line, and nothing in it that does not belong there."""

import io
import json
import logging
import threading

import pytest

from tests.support.time_and_chance import NOON, ManualClock
from unisono.domain.ids import Instant
from unisono.ports.telemetry import Field, Telemetry
from unisono.telemetry.lag import LoopLag
from unisono.telemetry.lines import (
    LINES_WAITING_MAX,
    VALUE_MAX_CHARS,
    Lines,
    as_json,
    as_logfmt,
    as_pretty,
    chosen_format,
    redacted,
)
from unisono.telemetry.meter import Meter
from unisono.telemetry.recording import RecordingTelemetry
from unisono.telemetry.system import SystemTelemetry, libraries_logged

TOKEN = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJhbGljZSJ9.c2lnbmF0dXJl"


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def written(event: str, fields: dict[str, Field], form: str = "logfmt", *, level: str = "info") -> str:
    target = io.StringIO()
    lines = Lines(target, form=form)  # type: ignore[arg-type]  # each form is tried below
    lines.put_nowait(NOON, level, event, fields)  # type: ignore[arg-type]
    lines.close()
    return target.getvalue()


def test_an_event_is_one_line_of_keys_and_values() -> None:
    line = written("session_closed", {"code": "slow_consumer", "queued_bytes": 1048576})
    assert line == (
        "at=2027-01-15T08:00:00.000Z level=info event=session_closed code=slow_consumer queued_bytes=1048576\n"
    )


def test_an_event_is_one_line_of_json() -> None:
    line = written("session_closed", {"code": "x", "n": 1, "f": 0.5, "b": True, "none": None}, "json")
    assert line.count("\n") == 1
    assert json.loads(line) == {
        "at": "2027-01-15T08:00:00.000Z",
        "level": "info",
        "event": "session_closed",
        "code": "x",
        "n": 1,
        "f": 0.5,
        "b": True,
        "none": None,
    }


@pytest.mark.parametrize("writer", [as_json, as_logfmt, as_pretty])
@pytest.mark.parametrize("value", ["a\nb", "a\r\nevent=forged", '"', "\\", "a=b", "\x1b[2J", "", " ", "\u2028", "\x9b"])
def test_no_value_breaks_its_line_or_reaches_the_terminal_as_a_command(writer: object, value: str) -> None:
    assert callable(writer)
    line = writer(NOON, "info", "e", {"label": value})
    assert "\n" not in line
    assert "\r" not in line
    assert "\x1b[2J" not in line
    assert "\x9b" not in line
    assert "\u2028" not in line
    assert "event=forged" not in line.split()


def test_numbers_and_truths_are_written_plainly() -> None:
    assert as_logfmt(NOON, "info", "e", {"a": 1, "b": 0.25, "c": False, "d": None}).endswith(
        "a=1 b=0.25 c=false d=null"
    )


@pytest.mark.parametrize(
    "name",
    ["token", "resume_token", "secret", "password", "authorization", "cookie", "admin_key", "body", "text", "content"],
)
def test_a_field_named_like_a_secret_or_a_body_is_hidden(name: str) -> None:
    assert redacted({name: "hunter2"}) == {name: "***"}


def test_a_signed_token_is_hidden_wherever_it_turns_up() -> None:
    line = written("library", {"message": f"GET /?token={TOKEN} failed", "reason": TOKEN})
    assert "eyJ" not in line
    assert "failed" in line


def test_what_is_no_secret_stays_readable() -> None:
    fields: dict[str, Field] = {"credential": "jti:1", "tokens": 3, "user": "alice", "queued_bytes": 7}
    assert redacted(fields) == fields


def test_a_value_that_is_no_text_at_all_does_no_harm() -> None:
    assert written("e", {"header": "\udcff"}).endswith('header="\\\\udcff"\n')


def test_a_long_value_is_cut() -> None:
    shown = redacted({"reason": "x" * 10_000})["reason"]
    assert isinstance(shown, str)
    assert len(shown) == VALUE_MAX_CHARS + 1


def test_lines_below_the_level_are_left_out() -> None:
    target = io.StringIO()
    lines = Lines(target, level="error")
    lines.put_nowait(NOON, "info", "quiet", {})
    lines.put_nowait(NOON, "error", "loud", {})
    lines.close()
    assert target.getvalue().count("\n") == 1


def test_auto_means_pretty_on_a_terminal_and_logfmt_elsewhere() -> None:
    assert chosen_format("auto", Terminal()) == "pretty"
    assert chosen_format("auto", io.StringIO()) == "logfmt"
    assert chosen_format("json", Terminal()) == "json"


def test_a_stuck_reader_costs_lines_but_never_stops_the_server() -> None:
    reading, let_go = threading.Event(), threading.Event()

    class Stuck(io.StringIO):
        def write(self, text: str) -> int:
            reading.set()
            let_go.wait(10)
            return super().write(text)

    target, clock = Stuck(), ManualClock()
    lines, meter = Lines(target), Meter()
    telemetry = SystemTelemetry(meter, lines, clock)
    telemetry.event("first")
    assert reading.wait(10)
    for _ in range(LINES_WAITING_MAX + 5):
        telemetry.event("more")
    assert lines.dropped == 5
    assert meter.counted("log_lines_dropped") == 5
    let_go.set()
    telemetry.close()
    assert target.getvalue().count("\n") == LINES_WAITING_MAX + 1


def test_a_reader_that_is_gone_is_no_error() -> None:
    target = io.StringIO()
    lines = Lines(target)
    target.close()
    lines.put_nowait(NOON, "info", "e", {})
    lines.close()
    assert lines.dropped == 1


def test_the_real_telemetry_keeps_the_port_and_tells_both_levels() -> None:
    target = io.StringIO()
    telemetry = SystemTelemetry(Meter(), Lines(target), ManualClock())
    port: Telemetry = telemetry
    port.count("messages_placed")
    port.gauge("connections", 1)
    port.observe_s("append", 0.1)
    port.event("good", n=1)
    port.fault("bad", n=2)
    telemetry.close()
    assert [line.split()[1:] for line in target.getvalue().splitlines()] == [
        ["level=info", "event=good", "n=1"],
        ["level=error", "event=bad", "n=2"],
    ]


def test_what_libraries_complain_about_becomes_one_line_each() -> None:
    target = io.StringIO()
    lines = Lines(target)
    with libraries_logged(lines, ManualClock()):
        log = logging.getLogger("asyncio")
        log.info("not worth a line")
        log.warning("slow: %s", "callback")
        try:
            int("two\nlines")
        except ValueError:
            log.exception("it broke")
    log.warning("nobody listens any more")
    lines.close()
    warned, failed = target.getvalue().splitlines()
    assert 'level=warning event=library logger=asyncio message="slow: callback"' in warned
    assert "problem=ValueError" in failed
    assert "lines" not in failed.replace("test_lines.py", "")
    assert "test_lines.py:" in failed


def test_what_a_peer_sent_stays_out_of_the_log() -> None:
    """A cookie too long for the HTTP library used to be quoted in an error line."""
    target = io.StringIO()
    lines = Lines(target)
    with libraries_logged(lines, ManualClock()):
        problem = ValueError("400, reading: session=S3CRET")
        logging.getLogger("aiohttp.server").error("Error handling request: %s", problem, exc_info=problem)
    lines.close()
    assert "problem=ValueError" in target.getvalue()
    assert "S3CRET" not in target.getvalue()


async def test_a_loop_that_lags_is_reported() -> None:
    telemetry = RecordingTelemetry()
    lag = LoopLag(ManualClock(Instant(0)), telemetry)
    lag.note(0.1)
    assert (lag.seconds, telemetry.events) == (0.1, [])
    lag.note(0.9)
    assert telemetry.named("loop_lagged") == [{"lag_s": 0.9}]
    assert telemetry.meter.level("loop_lag") == 0.9
    lag.note(-0.1)
    assert lag.seconds == 0.0
