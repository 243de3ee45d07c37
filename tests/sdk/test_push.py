"""The Python client registers its device for push notifications, with a real server and a real service."""

import asyncio

import pytest

from tests.sdk.test_against_server import MortalHouse, house, mortal_house
from tests.support.push_service import KEY, push_desk
from tests.support.server_process import TEST_CONFIG
from unisono_sdk import Device, Unacceptable, Unisono

__all__ = ["house", "mortal_house"]


@pytest.mark.rows("L3", "L92", "L93", "X26")
async def test_a_device_gets_what_comes_while_its_user_is_nowhere(mortal_house: MortalHouse) -> None:
    async with push_desk() as desk:
        push = ["[push]", f'url = "{desk.url}"', f'secrets = ["{KEY}"]', "grace_s = 0.2", "[sessions]", "sweep_s = 0.1"]
        mortal_house.server.configure("\n".join([TEST_CONFIG, *push]))
        await mortal_house.server.terminate()
        await mortal_house.server.start()
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
            await bob.logout()
        await chat.send("nobody")
        await desk.until(lambda: len(desk.pushes) > 1)
        assert "devices" not in desk.pushes[-1]
