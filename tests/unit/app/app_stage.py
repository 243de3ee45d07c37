"""One app of a node over a store in memory: everything but doors."""

import asyncio
import inspect
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from functools import wraps
from typing import NamedTuple

import pytest

from tests.support.memory_bytes import MemoryBytes
from tests.support.recording import CountingEncoder, RecordingLink, RecordingTelemetry
from tests.support.time_and_chance import CountingEntropy
from tests.support.virtual_time import LoopClock
from tests.unit.app.fanout_stage import settle
from unisono.app.caller import Caller
from unisono.app.greeting import Greeted
from unisono.app.node import Node
from unisono.app.options import AppOptions, FileRules
from unisono.app.parts import Parts
from unisono.bus.local import LocalBus
from unisono.domain import commands as c
from unisono.domain.answers import Answer, ConversationView
from unisono.domain.devices import PRESETS, Policy
from unisono.domain.errors import GrantInvalid, TokenInvalid, TokenMissing, Unavailable, UnisonoError
from unisono.domain.facts import Content, EndReason
from unisono.domain.grants import Grant
from unisono.domain.ids import (
    ConversationId,
    DeviceId,
    Fence,
    Instant,
    Platform,
    SendKey,
    SessionId,
    TabId,
    Tag,
    UserId,
)
from unisono.domain.quotas import Quotas
from unisono.domain.rates import Rate
from unisono.domain.session import Phase
from unisono.ports.bus import Bus
from unisono.ports.identity import Credential, Principal
from unisono.ports.program import Program
from unisono.stores.memory import MemoryStore
from unisono.stores.memory.log import MemoryLog

Mood = Callable[[str], Awaitable[None]]
PLENTY = Rate(per_s=1000.0, burst=100_000)
PLAIN: Mapping[str, object] = {
    "quotas": Quotas(),
    "commands": PLENTY,
    "logins": PLENTY,
    "resumes": PLENTY,
    "files": FileRules(secret=b"key of the tests"),
}


class Passports:
    """Implements `ports.identity.Identity`: a token is a user's name; `nobody` is let in without one (row S13)."""

    def __init__(self) -> None:
        self.principals: dict[str, Principal] = {"nobody": Principal(user=None)}
        self.seen: list[Credential] = []

    async def authenticate(self, credential: Credential, now: Instant) -> Principal:
        self.seen.append(credential)
        if credential.token is None:
            raise TokenMissing()
        if credential.token == "forged":
            raise TokenInvalid()
        known = self.principals.get(credential.token)
        return known or Principal(
            user=UserId(credential.token), credential=f"token-of-{credential.token}", issued_at=now
        )


class Permits:
    """Implements `ports.identity.Grants`: `granted` has what each text says."""

    def __init__(self) -> None:
        self.granted: dict[str, Grant] = {}

    async def read(self, text: str, now: Instant) -> Grant:
        del now
        if text not in self.granted:
            raise GrantInvalid()
        return self.granted[text]


class Hearing:
    """Implements `app.execute.Exchange`: `done` is a future of its end."""

    def __init__(self, note: Callable[[Answer], object]) -> None:
        self._note = note
        self.done: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def acknowledge(self, answer: Answer) -> None:
        self._note(answer)

    def over(self, problem: Exception | None) -> None:
        if problem is None:
            self.done.set_result(None)
        else:
            self.done.set_exception(problem)


async def execute(node: Node, caller: Caller, command: c.Command, acknowledge: Callable[[Answer], object]) -> None:
    """Carry out one command, and raise what went wrong."""
    hearing = Hearing(acknowledge)
    work = node.executor.start(caller, command, hearing)
    if work is not None:
        await work
    await hearing.done


class Present:
    """A client that was let in: its link, and what it holds."""

    def __init__(self, link: RecordingLink, greeted: Greeted, stage: "AppStage") -> None:
        self.link = link
        self.caller: Caller = greeted.caller
        self.welcome = greeted.welcome
        self.token = greeted.welcome.resume_token or ""
        self._stage = stage

    @property
    def session(self) -> SessionId:
        assert self.caller.session is not None
        return self.caller.session

    async def ask(self, command: c.Command) -> Answer:
        """Carry out a command and give its answer, when all that follows from it has happened."""
        answers: list[Answer] = []
        await execute(self._stage.node, self.caller, command, answers.append)
        await settle(5)
        (answer,) = answers
        return answer

    async def refused(self, command: c.Command) -> str:
        """Carry out a command that is to fail, and give the code of its fault."""
        try:
            await self.ask(command)
        except UnisonoError as fault:
            return fault.code
        raise AssertionError("it was carried out")

    async def go(self) -> None:
        """Lose the connection."""
        await self._stage.node.leave(self.session, self.link, Phase.DETACHED)


class Wiring(NamedTuple):
    """What a node hangs on. `beside` another node it shares that one's store and bus."""

    beside: "AppStage | None" = None
    bus: Bus | None = None
    name: str = "test"
    program: Program | None = None


class AppStage:
    """A node without doors. `mood` is awaited at each call of the store, by the name of its method."""

    def __init__(
        self,
        wiring: "Wiring | None" = None,
        /,
        *,
        policy: Policy | None = None,
        **options: object,
    ) -> None:
        wiring = wiring or Wiring()
        beside = wiring.beside
        self.clock = LoopClock()
        self.mood: Mood = calm
        self.telemetry, self.encoder = RecordingTelemetry(), CountingEncoder()
        self.passports, self.permits = Passports(), Permits()
        if beside is None:
            self.store, self.bus = MemoryStore(self.clock), wiring.bus or LocalBus()
            for port in ("log", "directory", "sessions", "seats", "wills", "calls", "threads"):
                self._watch(getattr(self.store, port))
        else:
            self.store, self.bus = beside.store, beside.bus
        parts = Parts(
            log=self.store.log,
            directory=self.store.directory,
            sessions=self.store.sessions,
            seats=self.store.seats,
            requests=self.store.requests,
            claims=self.store.claims,
            kept_events=self.store.kept_events,
            calls=self.store.calls,
            wills=self.store.wills,
            search=self.store.search,
            threads=self.store.threads,
            traces=self.store.traces,
            contacts=self.store.contacts,
            due_pushes=self.store.due_pushes,
            push_targets=self.store.push_targets,
            policies=self.store.policies,
            erasures=self.store.erasures,
            files=self.store.files,
            file_bytes=MemoryBytes(),
            bus=self.bus,
            identity=self.passports,
            grants=self.permits,
            clock=self.clock,
            entropy=CountingEntropy(),
            telemetry=self.telemetry,
            program=wiring.program,
        )
        fields = {**PLAIN, "policy": PRESETS["easemob"] if policy is None else policy}
        self.node = Node(parts, AppOptions(**{**fields, **options}), name=wiring.name, server="unisono/test")  # type: ignore[arg-type]

    async def login(
        self,
        user: str,
        device: str = "d",
        *,
        login: str | None = None,
        platform: str = "web",
        tag: str | None = None,
        fence: int | None = None,
        link: RecordingLink | None = None,
        label: str | None = None,
        info: str | None = None,
        address: str = "192.0.2.1",
    ) -> Present:
        """Log a user in."""
        link = RecordingLink(self.encoder) if link is None else link
        command = c.Login(
            device=c.Device(id=DeviceId(device), platform=Platform(platform), label=label, info=info),
            login=login or f"login-{user}-{device}",
            token=user,
            tag=None if tag is None else Tag(tag),
            fence=None if fence is None else Fence(fence),
            tab=TabId("tab"),
        )
        return Present(link, await self.node.greeting.login(command, credential(command, address), link), self)

    async def resume(
        self, earlier: Present, *, fence: int | None = None, token: str | None = None, address: str = "192.0.2.2"
    ) -> Present:
        """Carry on a session on a new link."""
        link = RecordingLink(self.encoder)
        command = c.Resume(
            session=earlier.session,
            resume_token=earlier.token if token is None else token,
            fence=None if fence is None else Fence(fence),
        )
        resumed = Present(link, await self.node.greeting.resume(command, address, link), self)
        resumed.token = earlier.token
        return resumed

    async def end(self, present: Present, reason: EndReason = "closed") -> None:
        """End a session as the operator does."""
        assert present.caller.user is not None
        await self.node.own_sessions.end_session(present.caller.user, present.session, reason)
        await settle(5)

    def _watch(self, port: object) -> None:
        for name, method in inspect.getmembers(port, inspect.iscoroutinefunction):
            if not name.startswith("_"):
                setattr(port, name, self._watched(name, method))
        if isinstance(port, MemoryLog):
            transact = self._watched("transact", port.transact)
            port.transact = lambda *args: asyncio.ensure_future(transact(*args))  # type: ignore[method-assign]

    def _watched(self, name: str, method: Callable[..., Awaitable[object]]) -> Callable[..., Awaitable[object]]:
        @wraps(method)
        async def call(*args: object, **kwargs: object) -> object:
            await self.mood(name)
            return await method(*args, **kwargs)

        return call


@asynccontextmanager
async def an_app(
    wiring: Wiring | None = None, /, *, policy: Policy | None = None, **options: object
) -> AsyncIterator[AppStage]:
    """Give an app that runs, without its periodic chores."""
    stage = AppStage(wiring, policy=policy, **options)
    await stage.node.start()
    node = stage.node
    parts = (node.fanout, node.signals, node.watching, node.hooks, node.thread_departures)
    running = [asyncio.create_task(part.run()) for part in parts]
    try:
        yield stage
    finally:
        for task in running:
            task.cancel()
        await asyncio.gather(*running, return_exceptions=True)


async def calm(method: str) -> None:
    """Let the store answer."""
    del method


def failing(*methods: str, fault: type[UnisonoError] = Unavailable) -> Mood:
    """Make calls of some methods fail."""

    async def mood(method: str) -> None:
        if method in methods:
            raise fault()

    return mood


def credential(command: c.Login, address: str) -> Credential:
    """Give what a login brings along."""
    return Credential(
        token=command.token,
        wish=command.user,
        device=command.device.id,
        platform=command.device.platform,
        tab=command.tab,
        headers={},
        query={},
        cookies={},
        address=address,
    )


def code_of(refused: pytest.ExceptionInfo[UnisonoError]) -> str:
    return refused.value.code


def text(conversation: ConversationId, key: str = "k", words: str = "hello") -> c.SendMessage:
    return c.SendMessage(conversation=conversation, key=SendKey(key), content=Content(text=words))


async def group(creator: Present, *others: str) -> ConversationId:
    """Begin a group."""
    members = tuple(UserId(name) for name in others)
    answer = await creator.ask(c.CreateConversation(key=SendKey(f"new-{others}"), members=members))
    assert isinstance(answer, ConversationView)
    return answer.conversation
