"""What is kept for some days only goes, and nothing else does, however often the server is killed meanwhile."""

import asyncio
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


async def begin(server: ServerProcess, http: aiohttp.ClientSession) -> str:
    """Have Ann begin a conversation with Bob and say much; give its id."""
    body = {"members": ["bob"], "unique": False}
    made = await ask(server, http, "POST", "users/ann/conversations", body)
    talk: str = made["conversation"]
    await say(server, http, talk, ["old " + "x" * 500] * OLD)
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
        for talk in talks:
            page = await ask(server, http, "GET", f"users/bob/conversations/{talk}/messages?limit=1000")
            assert [entry["message"]["content"]["text"] for entry in page["messages"]] == KEPT
            assert [entry["seq"] for entry in page["messages"]] == list(range(OLD + 2, OLD + 2 + FRESH))
            assert page["trimmed"]
        assert (await ask(server, http, "GET", "users/bob/unread"))["total"] == TALKS * FRESH
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
