"""Every banned thing, planted in each of the ways one may write it, turns red; what only looks like it does not."""

import pytest

from tools import banned
from tools.banned import Ban
from tools.sources import Source

OWNER = "src/unisono/clock.py"
TABLE = (
    Ban("time.time", (OWNER,), "ask the clock"),
    Ban("datetime.datetime.now", (), "take the time as an argument"),
    Ban("random.*", (), "ask the entropy port"),
    Ban("asyncio.create_task", (), "a task group"),
)


def faults(code: str, path: str = "src/unisono/app/send.py") -> list[str]:
    return [offence.text for offence in banned.offences([Source(path, code)], TABLE)]


@pytest.mark.parametrize(
    "code",
    [
        "import time\nx = time.time()",
        "import time as t\nx = t.time()",
        "from time import time\nx = time()",
        "from time import time as now\nx = now()",
        "import time\nf(clock=time.time)",
        "def f():\n    import time\n    return time.time()",
        "import datetime\nx = datetime.datetime.now()",
        "from datetime import datetime\nx = datetime.now(tz)",
        "import random\nx = random.choice(y)",
        "from random import Random\nx = Random(1)",
        "import asyncio\nasyncio.create_task(f())",
        "from asyncio import create_task\ncreate_task(f())",
    ],
)
def test_a_banned_name_is_found_under_any_name(code: str) -> None:
    assert len(faults(code)) == 1


def test_the_owner_may() -> None:
    assert faults("import time\nx = time.time()", OWNER) == []


def test_the_sdk_obeys_and_tests_tools_and_measurements_do_not() -> None:
    code = "import time\nx = time.time()"
    assert faults(code, "sdk/python/src/unisono_sdk/session.py")
    assert not faults(code, "tests/unit/test_a.py")
    assert not faults(code, "bench/fan_out.py")


def test_what_only_looks_like_it_is_left_alone() -> None:
    assert faults("import time\nx = time.monotonic()") == []
    assert faults("x = clock.time()\ny = self.random.choice(z)") == []
    assert faults("async with asyncio.TaskGroup() as group:\n    group.create_task(f())") == []


@pytest.mark.parametrize(
    "receiver", ["loop", "self._loop", "asyncio.get_running_loop()", "asyncio.new_event_loop()", "event_loop"]
)
def test_a_task_of_the_loop_is_nobodys(receiver: str) -> None:
    assert faults(f"import asyncio\n{receiver}.create_task(f())") == [
        "a task of the loop is nobody's: asyncio.TaskGroup"
    ]


@pytest.mark.parametrize(
    ("call", "is_bounded"),
    [
        ("asyncio.Queue()", False),
        ("asyncio.Queue(0)", False),
        ("asyncio.Queue(-1)", False),
        ("asyncio.Queue(maxsize=0)", False),
        ("asyncio.PriorityQueue()", False),
        ("queue.Queue()", False),
        ("queue.SimpleQueue()", False),
        ("asyncio.Queue(LIMIT)", True),
        ("asyncio.Queue(maxsize=LIMIT)", True),
        ("queue.Queue(64)", True),
        ("queue.SimpleQueue()  # bounded by the requests that are admitted", True),
        ("queue.SimpleQueue()  # work to do", False),
        ("Queue()", True),
    ],
)
def test_a_queue_has_a_bound(call: str, *, is_bounded: bool) -> None:
    assert bool(faults(f"import asyncio, queue\nq = {call}")) is not is_bounded


@pytest.mark.parametrize(
    ("handler", "is_fine"),
    [
        ("except Exception: pass", False),
        ("except: pass", False),
        ("except BaseException: pass", False),
        ("except (OSError, Exception): pass", False),
        ("except Exception:  # noqa: BLE001\n    pass", False),
        ("except Exception:  # noqa: BLE001  (the task tree of a connection ends here)\n    pass", True),
        ("except Exception:  # the task tree of a connection ends here\n    pass", True),
        ("except BaseException:\n    undo()\n    raise", True),
        ("except Exception as error:\n    raise Other from error", False),
        ("except OSError: pass", True),
    ],
)
def test_catching_everything_needs_a_reason(handler: str, *, is_fine: bool) -> None:
    assert bool(faults(f"try:\n    f()\n{handler}\n")) is not is_fine


def test_the_projects_own_table_is_read() -> None:
    assert "time.time" in {ban.name for ban in banned.bans()}
