"""The Python client registers its device for push notifications, with a real server and a real service."""

import asyncio

import pytest

from tests.sdk.test_against_server import MortalHouse, house, mortal_house
from tests.support.push_service import KEY, PushDesk, push_desk
from tests.support.server_process import TEST_CONFIG
from unisono_sdk import Client, Device, Unacceptable, Unisono

__all__ = ["house", "mortal_house"]


async def tell_all(house: MortalHouse, desk: PushDesk) -> None:
    """Start the server anew with a push service that is told of all there is."""
    push = ["[push]", f'url = "{desk.url}"', f'secrets = ["{KEY}"]', "grace_s = 0.2", "calls = true", "reads = true"]
    house.server.configure("\n".join([TEST_CONFIG, *push, "[sessions]", "sweep_s = 0.1"]))
    await house.server.terminate()
    await house.server.start()


async def ring_in_vain(caller: Client, user: str, desk: PushDesk) -> None:
    """Ring until the service hears of it, and take it back; that is heard of as well."""
    call = await caller.call(user, data={"topic": "taxi"})
    await desk.until(lambda: len(desk.calls) > 0)
    await call.hang_up()
    await desk.until(lambda: len(desk.calls) > 1)
    ring, over = desk.calls
    assert (ring["event"], ring["user"], ring["call"], ring["data"]) == ("ring", user, call.id, {"topic": "taxi"})
    assert (over["event"], over["reason"]) == ("ring_over", "cancelled")


@pytest.mark.rows("L3", "L92", "L93", "X26")
async def test_a_device_gets_what_comes_while_its_user_is_nowhere(mortal_house: MortalHouse) -> None:
    async with push_desk() as desk:
        await tell_all(mortal_house, desk)
        url = f"ws://127.0.0.1:{mortal_house.port}"
        ann = await mortal_house.login("ann")
        chat = await ann.direct("bob")
        async with Unisono(url) as bobs, Unisono(url) as others:
            bob = await bobs.login(user="bob", device=Device(platform="android"))
            await bob.register_push("fcm", "old")
            await bob.register_push("fcm", "eF3kq:APA91bH")
            desktop = await others.login(user="bob", device=Device(platform="web"))
            await desktop.register_push("webpush", "gone soon")
            await desktop.unregister_push()
            with pytest.raises(Unacceptable, match="provider"):
                await bob.register_push("FCM", "eF3kq")
            await chat.send("you are here")
            await asyncio.sleep(1)
            assert desk.pushes == []
            device = next(view.device for view in await bob.sessions() if view.is_this)
        data = {"alert": "Taxi!", "badge": 1, "sound": "horn", "category": "ride", "ride": 17}
        await chat.send("taxi", push=data)
        await desk.until(lambda: len(desk.pushes) > 0)
        (told,) = desk.pushes
        assert (told["user"], told["text"], told["data"], told["unread"]) == ("bob", "Taxi!", data, 2)
        assert told["devices"] == [{"device": device, "provider": "fcm", "token": "eF3kq:APA91bH"}]
        async with Unisono(url) as bobs:
            bob = await bobs.login(user="bob", device=Device(id=device, platform="android"))
            await bob.register_push("fcm", "rings")
            await (await bob.direct("ann")).mark_read()
            await desk.until(lambda: len(desk.reads) > 0)
            assert [(each["conversation"], each["unread"]) for each in desk.reads] == [(chat.id, 0)]
        await ring_in_vain(ann, "bob", desk)
        assert [each["devices"] for each in desk.calls] == [[{**told["devices"][0], "token": "rings"}]] * 2
        async with Unisono(url) as bobs:
            bob = await bobs.login(user="bob", device=Device(id=device, platform="android"))
            await bob.logout()
        await chat.send("nobody")
        await desk.until(lambda: len(desk.pushes) > 1)
        assert "devices" not in desk.pushes[-1]
