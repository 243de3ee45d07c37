"""A node's fan-out between a little log and recording links."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from tests.support.recording import CountingEncoder, RecordingLink, RecordingTelemetry
from tests.unit.app.little_log import LittleLog
from tests.unit.app.stage import CHAT, attached
from unisono.app.audience import Attached, Audience
from unisono.app.fanout import Fanout
from unisono.domain.facts import Fact, PlacedFact
from unisono.domain.ids import StreamKey, UserId


class Stage:
    """Everything around one fan-out."""

    def __init__(self) -> None:
        self.log = LittleLog()
        self.audience = Audience()
        self.telemetry = RecordingTelemetry()
        self.fanout = Fanout(self.log, self.log, self.audience, self.telemetry)
        self.encoder = CountingEncoder()

    def arrive(
        self, user: UserId, *, session: str | None = None, encoder: CountingEncoder | None = None
    ) -> RecordingLink:
        """Put a user on a new link."""
        link = RecordingLink(self.encoder if encoder is None else encoder)
        self.audience.add(attached(user, link, session=session))
        return link

    def leave(self, link: RecordingLink) -> None:
        """Take a link away."""
        held: Attached = next(each for each in self.audience if each.link is link)
        self.audience.remove(held.session, link)

    def commit(self, *facts: Fact, stream: StreamKey = CHAT) -> list[PlacedFact]:
        """Place facts; no hint of them goes out."""
        return [self.log.commit(stream, fact) for fact in facts]

    async def hint(self, *facts: PlacedFact) -> None:
        """Let hints arrive together, and all that follows from them happen."""
        self.fanout.hint(facts)
        await settle()

    async def happen(self, *facts: Fact, stream: StreamKey = CHAT) -> list[PlacedFact]:
        """Place facts and tell of them at once."""
        done = self.commit(*facts, stream=stream)
        await self.hint(*done)
        return done


@asynccontextmanager
async def on_stage() -> AsyncIterator[Stage]:
    """Give a fan-out that runs."""
    stage = Stage()
    await stage.fanout.start()
    running = asyncio.create_task(stage.fanout.run())
    try:
        yield stage
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)


async def settle(turns: int = 50) -> None:
    """Let everything happen that can happen by itself."""
    for _ in range(turns):
        await asyncio.sleep(0)
