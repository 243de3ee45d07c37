"""When something was: one time for all that is told of it."""

import itertools

import pytest

from tests.contract.stores.acts import ANN, BOB, QUOTAS, ROOM, AnyStore, create
from tests.support.time_and_chance import NOON, ManualClock
from unisono.domain import messages
from unisono.domain.commands import SendMessage
from unisono.domain.conversation import Decision, Scope, Snapshot
from unisono.domain.facts import Content
from unisono.domain.ids import Instant, SendKey


async def test_what_is_decided_has_the_time_of_what_is_placed(
    store: AnyStore, clock: ManualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What a room is told of a message is made when it is decided, and the answer when it is placed."""
    ticks = itertools.count(NOON)
    monkeypatch.setattr(clock, "now", lambda: Instant(next(ticks)))
    decided_at: list[Instant] = []

    def decide(snapshot: Snapshot) -> Decision:
        decided_at.append(snapshot.now)
        return messages.send(snapshot, ANN, SendMessage(ROOM, SendKey("key"), Content(text="hi")), QUOTAS)

    await create(store, ANN, BOB)
    committed = await store.log.transact(Scope(conversation=ROOM, users=(ANN,)), decide)
    assert [placed.at for placed in committed.facts] == decided_at
