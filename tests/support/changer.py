"""One who edits, recalls, reacts and marks while others talk, and knows what must be so in the end."""

import asyncio
from contextlib import suppress
from random import Random
from typing import TypeVar

from tests.support.follower import Frame
from tests.support.virtual_client import DisconnectedError, RefusedError, VirtualClient

PAGE = 1000
REACTION = "+"
Words = str | None
"""What a message says; None when it was recalled."""
T = TypeVar("T")


def words_of(key: str) -> str:
    """Give what a talker says under a key."""
    return f"[{key}] says something"


class Changer:
    """Changes what its client said in a conversation, one thing after the other.

    A change whose answer was lost may have been made or not; one that was answered must be there in the end, unless a
    later one took its place. Nobody else changes these messages.
    """

    def __init__(self, client: VirtualClient, conversation: str, seed: int) -> None:
        self.done = 0
        self._client = client
        self._conversation = conversation
        self._stream = f"c/{conversation}"
        self._chance = Random(f"{seed}/{client.name}/changes")
        self._words: dict[int, list[Words]] = {}
        self._reactions: dict[int, list[bool]] = {}
        self._mark = 0
        self._is_changing = True

    async def run(self) -> None:
        """Go on until `stop`."""
        number = 0
        while self._is_changing:
            await self._client.wait_live()
            number += 1
            with suppress(DisconnectedError, RefusedError):
                await self._change(f"edit {number}")
            await asyncio.sleep(self._chance.uniform(0, 0.01))

    def stop(self) -> None:
        """Change nothing more."""
        self._is_changing = False

    async def _change(self, text: str) -> None:
        said = {ack.seq: ack.key for ack in self._client.acks if ack.stream == self._stream}
        if not said:
            return
        seq, what = self._chance.choice(list(said)), self._chance.random()
        possible = self._words.setdefault(seq, [words_of(said[seq])])
        if what < 0.2:
            self._mark = max(self._mark, await self._read_to(self._client.follower.seq(self._stream)))
        elif what < 0.4:
            await self._react(seq, on=self._chance.random() < 0.7)
        elif possible[-1] is not None:
            await self._say(seq, possible, None if what < 0.5 else text)

    async def _read_to(self, seq: int) -> int:
        await self._ask({"op": "mark_read", "seq": seq})
        return seq

    async def _react(self, seq: int, *, on: bool) -> None:
        await self._try(
            self._reactions.setdefault(seq, [False]),
            on,
            {"op": "react", "message": seq, "reaction": REACTION, "on": on},
        )

    async def _say(self, seq: int, possible: list[Words], words: Words) -> None:
        edit = {"op": "edit", "message": seq, "content": {"type": -1, "text": words}}
        await self._try(possible, words, {"op": "recall", "message": seq} if words is None else edit)

    async def _try(self, possible: list[T], wanted: T, do: Frame) -> None:
        possible.append(wanted)
        try:
            await self._ask(do)
        except RefusedError:
            possible.pop()
            raise
        possible[:] = [wanted]

    async def _ask(self, do: Frame) -> None:
        await self._client.ask({**do, "conversation": self._conversation})
        self.done += 1

    async def broken(self) -> list[str]:
        """Give what is not as it was answered: words, reactions, the mark."""
        found, last = [], 0
        while page := (await self._history(last)):
            for entry in page:
                last, message = entry["seq"], entry["message"]
                words = None if message.get("is_recalled") else message["content"]["text"]
                if words not in self._words.get(last, [words]):
                    found.append(f"{last}: {words!r} instead of {self._words[last]}")
                has_mine = any(each["reaction"] == REACTION and each.get("is_mine") for each in entry["reactions"])
                # A recall takes the reactions along.
                if words is not None and has_mine not in self._reactions.get(last, [has_mine]):
                    found.append(f"{last}: reaction {has_mine}")
        view = await self._client.ask({"op": "conversation", "conversation": self._conversation})
        if view["read"] < self._mark:
            found.append(f"read up to {view['read']} instead of {self._mark}")
        return found

    async def _history(self, after: int) -> list[Frame]:
        asked = {"op": "history", "conversation": self._conversation, "after": after, "limit": PAGE}
        answer = await self._client.ask(asked)
        return [{"reactions": [], **entry} for entry in answer["messages"]]
