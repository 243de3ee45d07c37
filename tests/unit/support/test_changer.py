"""One who changes things sees what was answered and is not so."""

import asyncio
from typing import Any

import pytest

from tests.support.changer import REACTION, Changer, words_of
from tests.support.follower import Frame
from tests.support.judge import Acknowledged
from tests.support.virtual_client import DisconnectedError

TALK = "talk"


class LittleServer:
    """Stands for a client and the server behind it: three messages, and what becomes of them."""

    def __init__(self) -> None:
        self.name = "ann/1"
        self.acks = [Acknowledged("ann", f"c/{TALK}", f"k{seq}", seq) for seq in (1, 2, 3)]
        self.follower = self
        self.entries: dict[int, Frame] = {
            ack.seq: {"seq": ack.seq, "message": {"content": {"text": words_of(ack.key)}}, "reactions": []}
            for ack in self.acks
        }
        self.read = 0
        self.answers = 0
        self.is_cut = False

    def seq(self, stream: str) -> int:
        return 3 if stream == f"c/{TALK}" else 0

    async def wait_live(self) -> None:
        await asyncio.sleep(0)

    async def ask(self, do: Frame) -> Frame:
        if do["op"] == "history":
            return {"messages": [entry for seq, entry in self.entries.items() if seq > do["after"]]}
        if do["op"] == "conversation":
            return {"read": self.read}
        self.answers += 1
        if self.is_cut:
            raise DisconnectedError
        self._make(do)
        return {}

    def _make(self, do: Frame) -> None:
        entry = self.entries.get(do.get("message", 0), {})
        match do["op"]:
            case "mark_read":
                self.read = do["seq"]
            case "edit":
                entry["message"]["content"]["text"] = do["content"]["text"]
            case "recall":
                entry["message"]["is_recalled"] = True
            case _:
                entry["reactions"] = [{"reaction": REACTION, "count": 1, "is_mine": True}] if do["on"] else []


async def changed(server: Any) -> Changer:
    changer = Changer(server, TALK, seed=1)
    task = asyncio.create_task(changer.run())
    while server.answers < 40:
        await asyncio.sleep(0)
    changer.stop()
    await task
    return changer


async def test_what_was_answered_and_is_so_breaks_nothing() -> None:
    server = LittleServer()
    changer = await changed(server)
    assert changer.done >= 40
    assert await changer.broken() == []


@pytest.mark.parametrize("seq", [1, 2, 3])
async def test_what_was_answered_and_is_not_so_is_found(seq: int) -> None:
    server = LittleServer()
    changer = await changed(server)
    entry = server.entries[seq]
    was_recalled = entry["message"].pop("is_recalled", False)
    entry["message"]["content"]["text"] = "older words"
    assert len(await changer.broken()) == 1, was_recalled
    entry["message"]["is_recalled"] = True
    assert bool(await changer.broken()) is not was_recalled


async def test_a_mark_that_went_back_is_found() -> None:
    server = LittleServer()
    changer = await changed(server)
    server.read = 2
    assert await changer.broken() == ["read up to 2 instead of 3"]


async def test_what_was_never_answered_may_be_so_or_not() -> None:
    server = LittleServer()
    server.is_cut = True
    changer = await changed(server)
    assert (changer.done, await changer.broken()) == (0, [])
