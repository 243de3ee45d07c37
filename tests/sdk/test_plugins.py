"""Plugins: what they may add, change and repair, and that a broken one harms nobody."""

import asyncio
import logging
from collections.abc import Mapping
from typing import Any

import pytest

from tests.sdk.test_against_server import House, house, until, within
from unisono_sdk import (
    Attachment,
    Body,
    Client,
    Content,
    Conversation,
    File,
    Message,
    Plugin,
    Text,
    TransientMessage,
    Unisono,
    Unknown,
    body,
    events,
)

__all__ = ["house"]


@body(9)
class Nudge(Body):
    """Of a plugin."""

    times: int


def repair(plain: Mapping[str, Any]) -> Mapping[str, Any]:
    """Give old files the address that they lack."""
    return {**plain, "data": {"file": {"url": "lost:"}}} if plain["type"] == -6 and not plain["data"] else plain


async def shout(said: Body) -> Body:
    """Take a moment, and answer louder."""
    await asyncio.sleep(0.01)
    return Text(text=said.text.upper()) if isinstance(said, Text) and said.text else said


def exclaim(said: Body) -> Body:
    """Come second."""
    return Text(text=f"{said.text}!") if isinstance(said, Text) else said


@pytest.mark.rows("L272", "L273", "L276", "L277", "L278", "L279", "L280", "L281")
async def test_messages_go_through_hooks_in_order_wherever_they_come_from(house: House) -> None:
    plugins = [
        Plugin(name="repair", before_parse=repair, bodies=[Nudge]),
        Plugin(name="shout", after_parse=shout),
        Plugin(name="exclaim", after_parse=exclaim),
    ]
    ann, bob = await house.login("ann"), await house.login("bob", plugins=plugins)
    everything, conversation = bob.events(), await ann.direct("bob")
    for said in ("hello", Content(type=-6, data={}, text="old"), Nudge(times=2)):
        await conversation.send(said)
    await conversation.send_transient("psst")
    lost = File(file=Attachment(url="lost:"), text="old")
    wanted = [Text(text="HELLO!"), lost, Nudge(times=2)]
    assert [(await until(everything, Message)).body for _ in wanted] == wanted
    assert (await until(everything, TransientMessage)).body == Text(text="PSST!")
    kept = (await bob.conversation(conversation.id).history()).messages
    assert [message.body for message in kept] == wanted
    assert isinstance((await ann.conversation(conversation.id).history()).messages[1].body, Unknown)
    # What this client says is as it was made.
    own = await bob.conversation(conversation.id).send("quiet", receipt=True)
    assert own.body == Text(text="quiet")
    heard = await until(everything, Message)
    assert (heard.body, heard) == (Text(text="quiet"), own)


async def test_a_slow_hook_keeps_everything_in_order_to_the_very_end(house: House) -> None:
    heard: list[str] = []
    async with Unisono(f"ws://127.0.0.1:{house.port}", plugins=[Plugin(name="slow", after_parse=shout)]) as here:
        bob = await here.login(user="bob")
        bob.on("message", lambda message: heard.append(message.body.text))
        bob.on("members_joined", lambda event: heard.append(event.users[0]))
        bob.on("closed", lambda event: heard.append(event.code))
        ann = await house.login("ann")
        group = await ann.create(["bob"], unique=False)
        await group.send("one")
        await group.add("cat")
        await group.send("two")
        done = bob.messages()
        while (await within(anext(done))).body != Text(text="TWO"):
            pass
        await group.send("three")
        await within(_reached(bob, group, 4))
    assert heard == ["ONE", "cat", "TWO", "THREE", "client_closed"]


async def _reached(client: Client, group: Conversation, count: int) -> None:
    while client.positions[f"c/{group.id}"].seq < count + 1:
        await asyncio.sleep(0.005)


@pytest.mark.rows("L274", "L275", "L292")
async def test_a_plugin_may_add_and_change_methods_of_all_three(house: House) -> None:
    seen: list[type] = []

    class StayedError(Exception):
        """The user said no."""

    def ask_first(conversation: Conversation) -> None:
        seen.append(type(conversation))

        async def stay() -> Conversation:
            raise StayedError

        conversation.quit = stay  # type: ignore[method-assign]  # what plugins are for

    def may_wave(client: Client) -> None:
        """Add what the client has nothing of: waving."""
        seen.append(type(client))

        async def wave(user: str) -> Message:
            return await (await client.direct(user)).send(Content(type=20, data={"offer": user}))

        client.wave = wave  # type: ignore[attr-defined]  # what plugins are for

    plugin = Plugin(
        name="ask", on_unisono=lambda made: seen.append(type(made)), on_client=may_wave, on_conversation=ask_first
    )
    ann = await house.login("ann", plugins=[plugin])
    offer = await ann.wave("bob")  # type: ignore[attr-defined]  # which the plugin brought
    assert offer.content == Content(type=20, data={"offer": "bob"})
    group = await ann.create(["bob"])
    with pytest.raises(StayedError):
        await group.quit()
    assert "ann" in (await group.refresh()).members
    assert seen[:3] == [Unisono, Client, Conversation]


@pytest.mark.rows("L283")
async def test_a_plugin_that_fails_is_named_in_the_log_and_costs_nothing_else(
    house: House, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(_: Any) -> Any:
        raise RuntimeError("planted")

    plugins = [
        Plugin(name="broken", on_client=fail, before_parse=fail, after_parse=fail),
        Plugin(name="wrong", before_parse=lambda _: {"type": "text"}, after_parse=lambda _: None),  # type: ignore[arg-type,return-value]
        Plugin(name="good", after_parse=exclaim),
    ]
    with caplog.at_level(logging.ERROR, "unisono_sdk"):
        ann, bob = await house.login("ann"), await house.login("bob", plugins=plugins)
        inbox = bob.messages()
        await (await ann.direct("bob")).send("hello")
        assert (await within(anext(inbox))).body == Text(text="hello!")
    told = [record.getMessage() for record in caplog.records if "plugin_failed" in record.getMessage()]
    assert [line.partition("plugin=")[2] for line in told] == [
        "broken hook=on_client", "broken hook=before_parse", "wrong hook=before_parse",
        "broken hook=after_parse", "wrong hook=after_parse",
    ]  # fmt: skip


async def test_what_waits_for_me_is_told_as_hooks_made_it(house: House) -> None:
    ann = await house.login("ann")
    await (await ann.direct("bob")).send("are you there?")
    told: list[events.Unread] = []
    bob = await house.login("bob", plugins=[Plugin(name="shout", after_parse=shout)], handlers={"unread": told.append})
    await bob.unread()
    assert told[-1].last is not None
    assert told[-1].last.body == Text(text="ARE YOU THERE?")
