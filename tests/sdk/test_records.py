"""The Python client: what the server's records say of users, sessions and conversations."""

from pathlib import Path

import pytest

from tests.sdk.test_against_server import House, house, until, within
from tests.support.operator_desk import open_desk
from unisono_sdk import Device, Label, Message, Unisono, events

__all__ = ["house"]


@pytest.mark.rows("L23", "L26")
async def test_a_conversation_is_one_row_with_the_date_of_its_last_message(tmp_path: Path) -> None:
    async with open_desk(tmp_path) as desk, Unisono(desk.url) as unisono:
        tom = await unisono.login(user="tom")
        path = "/v1/users/tom/conversations"
        assert (await desk.ask("GET", path))[1]["conversations"] == []
        pair = await tom.create(["jerry"], name="Tom & Jerry")
        (row,) = (await desk.ask("GET", path))[1]["conversations"]
        assert (row["conversation"], row["name"], row.get("last_message_at")) == (pair.id, "Tom & Jerry", None)
        for text in ("get up!", "at once!"):
            sent = await pair.send(text)
            status, seen = await desk.ask("GET", f"/v1/conversations/{pair.id}")
            assert (status, seen["last_message_at"]) == (200, sent.at)
        assert len((await desk.ask("GET", path))[1]["conversations"]) == 1


@pytest.mark.rows("L1")
async def test_the_sdk_alone_is_a_complete_chat(house: House) -> None:
    """No backend: people find each other, talk, see who is there and writes, take back, read, and look things up."""
    tom, jerry = await house.login("tom"), await house.login("jerry")
    told = jerry.events()
    pair = await tom.direct("jerry")
    await pair.typing()
    assert (await until(told, events.Typing)).user == "tom"
    message = await pair.send("secnd", receipt=True)
    received = await until(told, Message)
    await message.edit("second")
    await until(told, events.Edited)
    assert [each.text for each in await jerry.conversation(pair.id).history()] == ["second"]
    read = tom.events()
    await received.conversation.mark_read()
    assert (await until(read, events.Receipt)).seq == message.seq


@pytest.mark.rows("L68")
async def test_what_the_client_is_told_its_conversation_is_told_too(house: House) -> None:
    tom, jerry = await house.login("tom"), await house.login("jerry")
    pair, other = await tom.direct("jerry"), await tom.create(["jerry"])
    told: list[tuple[str, str | None]] = []
    jerry.on("message", lambda message: told.append(("client", message.text)))
    jerry.conversation(pair.id).on("message", lambda message: told.append(("pair", message.text)))
    inbox = jerry.messages()
    await pair.send("one")
    await other.send("two")
    for _ in range(2):
        await within(anext(inbox))
    assert sorted(told) == [("client", "one"), ("client", "two"), ("pair", "one")]


@pytest.mark.rows("L41")
async def test_a_user_id_means_one_user_and_whatever_the_application_likes(house: House) -> None:
    names = ("ann@example.org", "安", "7")
    first = {name: await house.login(name) for name in names}
    second = {name: await house.login(name) for name in names}
    for name in names:
        assert (first[name].user, second[name].user) == (name, name)
        assert {view.session for view in await first[name].sessions()} == {
            first[name].session,
            second[name].session,
        }


@pytest.mark.rows("L267", "S1")
async def test_a_connection_has_a_user_and_a_name_of_its_own_and_carries_its_tag(house: House) -> None:
    phone = await house.login("ann", tag="Mobile")
    told = phone.events()
    laptop = await house.login("ann", tag="Desktop")
    assert (phone.user, laptop.user) == ("ann", "ann")
    assert phone.session != laptop.session
    opened = await until(told, events.SessionOpened)
    assert (opened.session, opened.tag) == (laptop.session, "Desktop")


@pytest.mark.rows("X55")
async def test_who_forgot_everything_is_a_new_device_beside_the_old_one(house: House) -> None:
    old = await house.login("ann", device=Device(label="before"))
    name = old.device.id
    await old.close()
    new = await house.login("ann", device=Device(label="after"))
    views = {view.device: view for view in await within(new.sessions())}
    assert (set(views), new.device.id == name) == ({name, new.device.id}, False)
    assert (views[name].state, views[new.device.id].state) == ("detached", "live")
    assert views[name].shown == Label(platform="python", label="before")
