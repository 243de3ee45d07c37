"""What is kept for some days only goes, and nothing else does, however often the server is killed meanwhile."""

import asyncio
import shutil
import sqlite3
import time
from pathlib import Path

import aiohttp
import pytest

from tests.adverse.test_erasing import ADMIN_KEY, ask
from tests.support.figures import Report
from tests.support.server_process import TEST_CONFIG, ServerProcess
from unisono_sdk import FileState, Message, Unisono, events

pytestmark = pytest.mark.adverse

TALKS, OLD, FRESH, KILLS_MAX = 3, 1_000, 20, 3
AT_ONCE = 100
TWO_DAYS_MS = 2 * 86_400_000
KEPT = [f"fresh {number}" for number in range(FRESH)]


async def say(server: ServerProcess, http: aiohttp.ClientSession, talk: str, texts: list[str]) -> None:
    path = f"users/ann/conversations/{talk}/messages"
    for start in range(0, len(texts), AT_ONCE):
        part = texts[start : start + AT_ONCE]
        await asyncio.gather(*(ask(server, http, "POST", path, {"content": {"text": text}}) for text in part))


async def begin(server: ServerProcess, http: aiohttp.ClientSession, old: int = OLD) -> str:
    """Have Ann begin a conversation with Bob and say much; give its id."""
    body = {"members": ["bob"], "unique": False}
    made = await ask(server, http, "POST", "users/ann/conversations", body)
    talk: str = made["conversation"]
    await say(server, http, talk, ["old " + "x" * 500] * old)
    return talk


def age(data: Path) -> None:
    """Let all that was said until now have been said two days earlier. Nobody serves it meanwhile."""
    with sqlite3.connect(data / "default.sqlite3") as connection:
        for table, column in (("facts", "at"), ("streams", "head_at"), ("conversations", "oldest_at")):
            connection.execute(f"UPDATE {table} SET {column} = {column} - ?", (TWO_DAYS_MS,))
    connection.close()


def count(data: Path) -> int:
    """Count the messages that there are, beside the server."""
    connection = sqlite3.connect(f"file:{data / 'default.sqlite3'}?mode=ro", uri=True)
    try:
        return int(connection.execute("SELECT count(*) FROM facts WHERE kind = 'message'").fetchone()[0])
    finally:
        connection.close()


async def trimmed(server: ServerProcess, data: Path) -> int:
    """Kill the server while it removes what is old, again and again, until it is gone; give how often."""
    kept, kills, before = TALKS * FRESH, 0, count(data)
    async with asyncio.timeout(120):
        while (left := count(data)) > kept:
            if left < before and kills < KILLS_MAX:
                kills, before = kills + 1, left
                await server.kill()
                assert count(data) >= kept
                await server.start()
            await asyncio.sleep(0.005)
    return kills


async def check_kept(server: ServerProcess, http: aiohttp.ClientSession, talks: list[str], old: int = OLD) -> None:
    """See that what is fresh is there at its place, and nothing else."""
    for talk in talks:
        page = await ask(server, http, "GET", f"users/bob/conversations/{talk}/messages?limit=1000")
        assert [entry["message"]["content"]["text"] for entry in page["messages"]] == KEPT
        assert [entry["seq"] for entry in page["messages"]] == list(range(old + 2, old + 2 + FRESH))
        assert page["trimmed"]
    assert (await ask(server, http, "GET", "users/bob/unread"))["total"] == len(talks) * FRESH


async def test_it_goes_on_after_each_kill_and_keeps_the_rest(data: Path, tmp_path: Path, report: Report) -> None:
    environment, state = {"UNISONO_ADMIN__KEYS": ADMIN_KEY}, FileState(tmp_path / "bob.json")
    async with ServerProcess(data, environment=environment) as server, aiohttp.ClientSession() as http:
        async with Unisono(f"ws://127.0.0.1:{server.port}", state=state) as unisono:
            heard_old: list[Message] = []
            await unisono.login(user="bob", handlers={"message": heard_old.append})
            talks = [await begin(server, http) for _ in range(TALKS)]
            async with asyncio.timeout(30):
                while len(heard_old) < TALKS * OLD:
                    await asyncio.sleep(0.01)
        await server.terminate()
        age(data)
        server.configure(TEST_CONFIG)
        await server.start()
        for talk in talks:
            for text in KEPT:
                await say(server, http, talk, [text])
        await server.terminate()
        server.configure(TEST_CONFIG + "\n[retention]\ngroup_days = 1\nwait_s = 0\n")
        began_s = time.monotonic()
        await server.start()
        kills = await trimmed(server, data)
        took_s = time.monotonic() - began_s
        assert kills > 1
        await check_kept(server, http, talks)
        happened: list[object] = []
        async with Unisono(f"ws://127.0.0.1:{server.port}", state=state) as unisono:
            handlers = {"start_over": happened.append, "message": happened.append}
            await unisono.login(user="bob", handlers=handlers)
            for talk in talks:
                await say(server, http, talk, ["now"])
            async with asyncio.timeout(20):
                while [event.text for event in happened if isinstance(event, Message)].count("now") < TALKS:
                    await asyncio.sleep(0.01)
        # Bob had heard what is gone: his place is where what is kept begins.
        for talk in talks:
            heard = [event for event in happened if isinstance(event, Message) and event.conversation.id == talk]
            assert [(message.seq, message.text) for message in heard] == list(enumerate([*KEPT, "now"], OLD + 2))
        assert not [event for event in happened if isinstance(event, events.StartOver)]
        server.assert_clean_log()
    report(f"{TALKS * OLD} old messages removed over {kills} kills in {took_s:.1f} s, {TALKS * FRESH} kept")


HARMS = {
    "nothing": "",
    "one too many is gone": "DELETE FROM facts WHERE kind = 'message' AND instr(CAST(body AS TEXT), 'fresh 7\"') > 0",
    "one was changed": (
        "UPDATE facts SET body = CAST(replace(CAST(body AS TEXT), 'fresh 7\"', 'fresh 8\"') AS BLOB)"
        " WHERE kind = 'message' AND instr(CAST(body AS TEXT), 'fresh 7\"') > 0"
    ),
    "one is counted twice": "UPDATE streams SET messages = messages + 1 WHERE messages > 0",
}


def harmed(data: Path, statement: str, into: Path) -> Path:
    """Copy a database, and do to it what a trimming that is interrupted might have done wrongly."""
    shutil.copytree(data, into)
    with sqlite3.connect(into / "default.sqlite3") as connection:
        assert not statement or connection.execute(statement).rowcount == 1
    connection.close()
    return into


async def is_well(data: Path, talk: str, old: int) -> bool:
    """Say if the test above would find all that is to be kept, and nothing else, in a database."""
    environment = {"UNISONO_ADMIN__KEYS": ADMIN_KEY}
    async with ServerProcess(data, environment=environment) as server, aiohttp.ClientSession() as http:
        try:
            await check_kept(server, http, [talk], old)
        except AssertionError:
            return False
    return True


async def test_what_is_gone_too_much_or_left_is_seen(data: Path, tmp_path: Path) -> None:
    """The negative control: what the test above looks at turns red for each harm, and for what is old and left."""
    old, environment = 30, {"UNISONO_ADMIN__KEYS": ADMIN_KEY}
    async with ServerProcess(data, environment=environment) as server, aiohttp.ClientSession() as http:
        talk = await begin(server, http, old)
        await server.terminate()
        age(data)
        await server.start()
        for text in KEPT:
            await say(server, http, talk, [text])
        await server.terminate()
        untrimmed = harmed(data, "", tmp_path / "untrimmed")
        server.configure(TEST_CONFIG + "\n[retention]\ngroup_days = 1\nwait_s = 0\n")
        await server.start()
        async with asyncio.timeout(60):
            while count(data) > FRESH:
                await asyncio.sleep(0.005)
        await server.terminate()
    assert not await is_well(untrimmed, talk, old)
    found = {name: await is_well(harmed(data, harm, tmp_path / name), talk, old) for name, harm in HARMS.items()}
    assert found == {name: name == "nothing" for name in HARMS}
