"""A user who is erased, over REST on a whole server, and what others see of it."""

import asyncio
import json
import sqlite3
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.support.operator_desk import Desk, Json, open_desk
from tests.unit.gateways.rest.test_acting import made, next_fact, said, texts
from unisono.app import erasing, housekeeping
from unisono.stores.sql.erasures import SqlErasures

ALICE = "/v1/users/alice"
ERASURE = ALICE + "/erasure"
SECRET = "the secret word"


@pytest.fixture(autouse=True)
def soon(monkeypatch: pytest.MonkeyPatch) -> None:
    """Begin without a wait: nothing is under way in these tests."""
    monkeypatch.setattr(erasing, "SETTLING_MS", 0)


@pytest.fixture
async def desk(tmp_path: Path) -> AsyncIterator[Desk]:
    async with open_desk(tmp_path, UNISONO_SESSIONS__SWEEP_S="0.05") as opened:
        yield opened


async def erased(desk: Desk) -> Json:
    """Have Alice erased; give the last that is told of it."""
    status, begun = await desk.ask("DELETE", ALICE)
    assert (status, begun["user"], begun["state"]) == (200, "alice", "under_way")
    while (told := await desk.ask("GET", ERASURE))[1]["state"] != "over":
        await asyncio.sleep(0.02)
    return told[1]


async def test_others_see_the_user_leave_and_what_was_said_go(desk: Desk) -> None:
    team, chat = await made(desk, "bob", "carol", name="Team"), await made(desk, "bob", of="direct")
    for path in (team, chat):
        await said(desk, path, SECRET)
    async with await desk.login("bob") as bob:
        while len((await bob.ask("search", text="secret"))["answer"]["messages"]) < 2:
            await asyncio.sleep(0.02)
        told = await erased(desk)
        seen = [await next_fact(bob, kind) for kind in ("recalled", "left", "recalled", "left")]
        assert [fact["by"] for fact in seen] == ["alice"] * 4
        assert (await bob.ask("search", text="secret"))["answer"]["messages"] == []
    assert (told["conversations"], told["messages"]) == (2, 2)
    for path in (team, chat):
        theirs = path.replace("alice", "bob", 1)
        assert await texts(desk, theirs) == [None]
        _, shown = await desk.ask("GET", theirs)
        assert "alice" not in shown["members"]
    _, shown = await desk.ask("GET", team.replace("alice", "bob", 1))
    assert shown["role"] == "owner"


async def test_sessions_end_and_no_token_lets_the_user_in(desk: Desk) -> None:
    async with await desk.login("alice") as alice:
        async with asyncio.timeout(20):
            await desk.ask("DELETE", ALICE)
            assert (await alice.ended())[1]["code"] == "token_revoked"  # type: ignore[index]
    await erased(desk)
    refused = await (await desk.connect()).ask(
        "login", device={"id": "d", "platform": "web"}, login="login-again", user="alice"
    )
    assert (refused["is"], refused["code"]) == ("error", "token_revoked")
    assert (await desk.ask("DELETE", ERASURE))[1] == {"is_allowed": True}
    async with await desk.login("alice") as alice:
        assert (await alice.ask("conversations"))["answer"]["conversations"] == []
    assert (await desk.ask("DELETE", ERASURE))[0] == (await desk.ask("GET", ERASURE))[0] == 404


async def test_nothing_that_was_said_is_left_anywhere_in_the_store(tmp_path: Path) -> None:
    """Messages, edits, pushes, attributes, names of devices, wills, answers under keys: every column is looked at."""
    async with open_desk(tmp_path, UNISONO_SESSIONS__SWEEP_S="0.05") as desk:
        team = await made(desk, "bob", name="Team")
        first = (await said(desk, team, SECRET, push={"alert": SECRET}))["seq"]
        for text in (f"{SECRET} edited", f"{SECRET} again"):
            await desk.ask("PATCH", f"{team}/messages/{first}", json={"content": {"text": text}})
        await said(desk, team, SECRET, mentions=["bob"])
        await desk.ask("PATCH", f"{team}/members/alice", json={"attributes": {"nick": SECRET}})
        await desk.ask("POST", f"{team}/messages/{first}/reactions", json={"reaction": "👍", "on": True})
        bobs = team.replace("alice", "bob", 1)
        theirs = (await said(desk, bobs, "bob's own"))["seq"]
        await desk.ask("POST", f"{team}/messages/{theirs}/reactions", json={"reaction": "👍", "on": True})
        async with await desk.login("alice", label=SECRET, info=SECRET) as alice:
            talk = team.rpartition("/")[2]
            assert "answer" in await alice.ask("register_push", provider="fcm", token=SECRET)
            for content in (SECRET.encode(), None):
                place = (await alice.ask("upload", name=f"{SECRET}.txt", size=99))["answer"]
                if content is not None:
                    assert (await desk.http.put(desk.url + place["put"], data=content)).status == 200
            will = {"conversation": talk, "key": "w", "content": {"text": SECRET}, "after_s": 100}
            left = await alice.ask("will", **will)
            assert left.get("answer") is not None, left
        await said(desk, team, SECRET)
        other = (await made(desk, "bob", by="carol")).rpartition("/")[2]
        body, key = {"conversations": [other]}, {"Idempotency-Key": "r"}
        _, waiting = await desk.ask("PUT", "/v1/users/bob/read", json=body, headers=key)
        assert talk in [one["conversation"] for one in waiting["conversations"]]
        await erased(desk)
        _, history = await desk.ask("GET", bobs + "/messages")
        assert [one["message"]["content"].get("text") for one in history["messages"]].count("bob's own") == 1
        assert not any("reactions" in one for one in history["messages"])
        _, unread = await desk.ask("GET", "/v1/users/bob/unread")
        assert SECRET not in json.dumps(unread)
    assert [path for path in (tmp_path / "files").rglob("*") if path.is_file()] == []
    assert [place for place in everything(tmp_path) if SECRET.split()[1].encode() in place[1]] == []


def everything(data: Path) -> list[tuple[str, bytes]]:
    """Give all that stands in the tables, but for the index of words: what is in that, a search tells."""
    found: list[tuple[str, bytes]] = []
    with sqlite3.connect(the_file(data)) as connection:
        names = [name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        for table in (name for name in names if not name.startswith("message_words")):
            for row in connection.execute(f'SELECT * FROM "{table}"'):
                found += [(table, repr(value).encode() if not isinstance(value, bytes) else value) for value in row]
    connection.close()
    return found


async def test_its_words_leave_the_file_of_the_database(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The index kept them for as long as nobody said enough that its parts were merged."""
    monkeypatch.setattr(housekeeping, "FORGET_FIRST_S", 0.1)
    monkeypatch.setattr(housekeeping, "FORGET_EVERY_S", 0.1)
    async with open_desk(tmp_path, UNISONO_SESSIONS__SWEEP_S="0.05") as desk:
        team = await made(desk, "bob")
        await said(desk, team.replace("alice", "bob", 1), "a word of another's")
        await said(desk, team, "qqqsecret")
        while not in_index(tmp_path, b"qqqsecret"):
            await asyncio.sleep(0.02)
        await erased(desk)
        async with asyncio.timeout(10):
            while in_index(tmp_path, b"qqqsecret"):
                await asyncio.sleep(0.02)
        assert in_index(tmp_path, b"nother"), "its first letter is shared with the word before it"
    assert b"qqqsecret" not in the_file(tmp_path).read_bytes()


def the_file(data: Path) -> Path:
    (file,) = data.glob("*.sqlite3")
    return file


def in_index(data: Path, word: bytes) -> bool:
    """Say if a word that begins as none before it stands in the files of the index."""
    with sqlite3.connect(the_file(data)) as connection:
        blocks = [block for (block,) in connection.execute("SELECT block FROM message_words_data")]
    connection.close()
    return any(word in block for block in blocks)


async def test_what_is_not_being_erased_has_no_erasure(desk: Desk) -> None:
    assert (await desk.ask("GET", ERASURE))[0] == 404
    assert (await desk.ask("DELETE", ERASURE))[0] == 404


async def test_one_that_meets_a_defect_says_so(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    async def fail(_erasures: SqlErasures, _user: str) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(SqlErasures, "drop_rest", fail)
    await desk.ask("DELETE", ALICE)
    while (told := (await desk.ask("GET", ERASURE))[1])["state"] == "under_way":
        await asyncio.sleep(0.02)
    assert (told["state"], told["failed_at"] >= told["asked_at"]) == ("failed", True)
    assert (await desk.ask("DELETE", ERASURE))[0] == 403


async def test_while_it_is_under_way_nobody_is_allowed(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(erasing, "SETTLING_MS", 60_000)
    first = await desk.ask("DELETE", ALICE)
    assert await desk.ask("DELETE", ALICE) == first
    status, refused = await desk.ask("DELETE", ERASURE)
    assert (status, refused["code"]) == (403, "forbidden")
