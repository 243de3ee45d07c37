"""Many virtual clients of one server, carried together, talking, and judged at the end."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from contextlib import asynccontextmanager, suppress
from random import Random
from typing import Any

from tests.support.changer import Changer, words_of
from tests.support.follower import Frame, logged
from tests.support.judge import Acknowledged, FinalLog, Logged, Readable, Said, SessionLog, Verdict, judge
from tests.support.virtual_client import Manner, RefusedError, VirtualClient

READ_PAGE = 1000
SETTLE_TIMEOUT_S = 30.0
NOWHERE = 1
"""A port where nobody listens."""


class Crowd:
    """Clients that run side by side. Use `gathered`."""

    def __init__(self, tasks: asyncio.TaskGroup, port: int, seed: int) -> None:
        self.clients: list[VirtualClient] = []
        self.port = port
        self.seed = seed
        self._tasks = tasks
        self._talkers: list[Talker] = []
        self._changing: list[tuple[Changer, asyncio.Task[None]]] = []
        self._waiting: list[tuple[Callable[[], bool], asyncio.Future[None]]] = []
        self._is_looking = False

    def add(self, user: str, count: int = 1, **manners: Any) -> list[VirtualClient]:
        """Start sessions of a user, each on a device of its own. `manners` are those of `Manner`."""
        manner = Manner(**manners)
        first = sum(client.user == user for client in self.clients) + 1
        added = [
            VirtualClient(self.port, user, name=f"{user}/{number}", seed=self.seed, manner=manner)
            for number in range(first, first + count)
        ]
        for client in added:
            client.on_change = self._look_soon
            self._tasks.create_task(client.run())
        self.clients += added
        return added

    def route(self, port: int) -> None:
        """Have everybody connect there from the next time on."""
        for client in self.clients:
            client.port = port

    async def wait_until(self, holds: Callable[[], bool], timeout_s: float = SETTLE_TIMEOUT_S) -> None:
        """Wait until something holds of the crowd; looked at once per turn of the loop in which anything happened."""
        if holds():
            return
        waiter: tuple[Callable[[], bool], asyncio.Future[None]] = (holds, asyncio.get_running_loop().create_future())
        self._waiting.append(waiter)
        try:
            async with asyncio.timeout(timeout_s):
                await waiter[1]
        finally:
            self._waiting.remove(waiter)

    def _look_soon(self) -> None:
        if self._waiting and not self._is_looking:
            self._is_looking = True
            asyncio.get_running_loop().call_soon(self._look)

    def _look(self) -> None:
        self._is_looking = False
        for holds, waiter in self._waiting:
            if not waiter.done() and holds():
                waiter.set_result(None)

    async def wait_live(self, timeout_s: float = SETTLE_TIMEOUT_S) -> None:
        """Wait until every client is live and lacks nothing that it knows of."""
        for client in self.clients:
            await client.wait_live(timeout_s)

    def talk(
        self, clients: Iterable[VirtualClient], conversations: Sequence[str], *, ahead: int = 4, pause_s: float = 0.0
    ) -> None:
        """Have clients talk from now on, each with some sends under way, and a pause between a place and the next."""
        for client in clients:
            talker = Talker(client, conversations, self.seed, pause_s)
            self._talkers.append(talker)
            talker.start(ahead)

    def change(self, clients: Iterable[VirtualClient], conversation: str) -> list[Changer]:
        """Have clients change what they said, react, and mark it read, from now on."""
        added = [Changer(client, conversation, self.seed) for client in clients]
        self._changing += [(changer, self._tasks.create_task(changer.run())) for changer in added]
        return added

    async def hush(self, timeout_s: float = SETTLE_TIMEOUT_S) -> None:
        """Have nobody begin a new send or change, and wait until the place of each begun one is known."""
        for talker in self._talkers:
            talker.is_talking = False
        for changer, task in self._changing:
            changer.stop()
            await task
        await self.wait_until(lambda: not any(client.unacknowledged for client in self.clients), timeout_s)

    @property
    def sends(self) -> int:
        """Count the messages that were begun."""
        return sum(len(talker.said) for talker in self._talkers)

    @property
    def acknowledgements(self) -> int:
        """Count the places that were told, repeats included."""
        return sum(len(client.acks) for client in self.clients)

    async def final_log(self) -> FinalLog:
        """Read every stream from its beginning, by as many users as it takes to find one who may read all of it."""
        log: dict[str, list[Logged]] = {}
        tried: set[tuple[str, str]] = set()
        for client in self.clients:
            for stream in sorted({f"u/{client.user}", *client.follower.positions}):
                known = log.get(stream, [])
                is_complete = bool(known) and Readable(stream, known).until(client.user) == known[-1].seq
                if is_complete or (stream, client.user) in tried:
                    continue
                tried.add((stream, client.user))
                log[stream] = max(known, logged(await read_stream(client, stream)), key=len)
        return log

    async def verdict(
        self,
        log: FinalLog | None = None,
        *,
        extra: tuple[Sequence[SessionLog], Sequence[Acknowledged]] = ((), ()),
        timeout_s: float = SETTLE_TIMEOUT_S,
    ) -> Verdict:
        """Wait until every client has what it may read, as far as it ever will, and judge.

        `extra` are sessions and acknowledgements of others, whose server is gone.
        """
        await self.wait_live(timeout_s)
        log = log if log is not None else await self.final_log()
        reaches = {stream: Readable(stream, facts) for stream, facts in log.items()}
        with suppress(TimeoutError):
            whole = [client for client in self.clients if client.follower.log.is_whole]
            await self.wait_until(lambda: all(_has_all(client, reaches) for client in whole), timeout_s)
        sessions = [*extra[0], *(client.follower.log for client in self.clients)]
        acks = [*extra[1], *(ack for client in self.clients for ack in client.acks)]
        return judge(log, sessions, acks, [said for talker in self._talkers for said in talker.said])

    def stop(self) -> None:
        """End everybody."""
        for talker in self._talkers:
            talker.is_talking = False
        for changer, _ in self._changing:
            changer.stop()
        for client in self.clients:
            client.stop()


class Talker:
    """Keeps sends of a client under way: each known place begins the next, at once or after a pause."""

    def __init__(self, client: VirtualClient, conversations: Sequence[str], seed: int, pause_s: float = 0.0) -> None:
        self.is_talking = True
        self.said: list[Said] = []
        self._client = client
        self._conversations = conversations
        self._prefix = str(seed)
        self._chance = Random(f"{seed}/{client.name}/talk")
        self._pause_s = pause_s
        client.on_placed = self._go_on

    def start(self, ahead: int) -> None:
        """Begin the first sends."""
        for _ in range(ahead):
            self._say()

    def _go_on(self) -> None:
        if self._pause_s:
            asyncio.get_running_loop().call_later(self._pause_s, self._say)
        else:
            self._say()

    def _say(self) -> None:
        if not self.is_talking:
            return
        client, conversation = self._client, self._chance.choice(self._conversations)
        key = f"{self._prefix}/{client.name}/{len(self.said) + 1}"
        self.said.append(Said(client.name, client.user, f"c/{conversation}", key))
        client.post(conversation, words_of(key), key)


@asynccontextmanager
async def gathered(port: int, *, seed: int = 0) -> AsyncIterator[Crowd]:
    """Give an empty crowd; everybody in it is ended at the end."""
    failure: Exception | None = None
    async with asyncio.TaskGroup() as tasks:
        crowd = Crowd(tasks, port, seed)
        try:
            yield crowd
        except Exception as error:  # noqa: BLE001  (raised again below, as it is instead of in a group)
            failure = error
        finally:
            crowd.stop()
    if failure is not None:
        raise failure


async def create(client: VirtualClient, members: Sequence[str], key: str) -> str:
    """Begin a group conversation; give its id."""
    do: Frame = {"op": "create", "key": key, "of": "group", "members": list(members), "unique": False}
    answer = await client.ask(do)
    return str(answer["conversation"])


async def read_stream(client: VirtualClient, stream: str) -> list[Frame]:
    """Read a stream from its beginning; nothing when the client may not."""
    facts: list[Frame] = []
    while True:
        try:
            page = await client.ask({"op": "read", "stream": stream, "after": len(facts), "limit": READ_PAGE})
        except RefusedError as refused:
            if refused.code != "not_found":
                raise
            return []
        facts += page["facts"]
        if not page["facts"] or page["facts"][-1]["seq"] >= page["head"]:
            return facts


def _has_all(client: VirtualClient, reaches: dict[str, Readable]) -> bool:
    return all(
        client.follower.seq(stream) >= reach.until(client.user)
        for stream, reach in reaches.items()
        if reach.until(client.user)
    )
