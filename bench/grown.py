"""Databases that have grown: filled through the store, by the decisions that a server takes, without a network."""

import asyncio
from collections.abc import Iterable, Iterator
from itertools import islice
from pathlib import Path
from typing import Final

from unisono.app.changing import change
from unisono.clock import SystemClock, SystemEntropy
from unisono.domain import commands as c
from unisono.domain.answers import Answer, ConversationView
from unisono.domain.facts import Content
from unisono.domain.ids import ConversationId, SendKey, UserId
from unisono.domain.quotas import Quotas
from unisono.settings import Settings
from unisono.stores.sql.options import StoreOptions
from unisono.stores.sql.store import open_store

AT_ONCE: Final = 2_000
BATCH_MAX: Final = 1_000
TEXT: Final = "What a chat is made of: a sentence of a hundred characters or so, and now and then one that is longer."

Deed = tuple[UserId, c.Command]


def grow(data: Path, deeds: Iterable[Deed]) -> list[ConversationId]:
    """Carry out commands in a data directory that no server uses; gives the ids of conversations made, in order."""
    answers = asyncio.run(_grow(data, iter(deeds)))
    return [answer.conversation for answer in answers if isinstance(answer, ConversationView)]


async def _grow(data: Path, deeds: Iterator[Deed]) -> list[Answer]:
    entropy, quotas = SystemEntropy(), Quotas()
    # What is prepared may be lost with the machine; the server that is measured opens it as always.
    options = StoreOptions(app=Settings().app, data_dir=data, batch_max=BATCH_MAX, synchronous="normal")
    store = await open_store(options, SystemClock())
    answers: list[Answer] = []
    try:
        while part := list(islice(deeds, AT_ONCE)):
            changes = [change(user, command, quotas, entropy.conversation_id) for user, command in part]
            done = await asyncio.gather(*(store.log.transact(*each) for each in changes if each is not None))
            answers += [committed.answer for committed in done]
    finally:
        await store.close()
    return answers


def messages(conversation: ConversationId, sender: str, count: int) -> Iterator[Deed]:
    """Say so much in a conversation."""
    for number in range(count):
        yield UserId(sender), c.SendMessage(conversation, SendKey(str(number)), Content(text=TEXT))
