"""What an app's own server asks about service conversations, people in rooms, and the app as a whole."""

import asyncio
from pathlib import Path

from tests.unit.gateways.leancloud.test_rest import GROUPS, ROOMS, ROOT, SERVICES, made
from tests.unit.gateways.leancloud.web_stage import opened


async def test_who_subscribes_is_listed_with_the_time_since_when(tmp_path: Path) -> None:
    async with opened(tmp_path) as asking:
        service, group = await made(asking, SERVICES, c="host"), await made(asking)
        subscribers = f"{SERVICES}/{service}/subscribers"
        for client in ("cat", "ann", "bob", "cat"):
            await asking.master("POST", subscribers, {"client_id": client})
        await asking.master("DELETE", f"{subscribers}/bob")
        listed = await asking.master("GET", subscribers)
        assert [(one["subscriber"], one["conv_id"]) for one in listed] == [("ann", service), ("cat", service)]
        assert listed[0]["timestamp"] >= listed[1]["timestamp"] > 0
        assert await asking.master("GET", subscribers, limit=1) == listed[:1]
        assert await asking.master("GET", subscribers, client_id="ann") == listed[1:]
        assert await asking.master("GET", subscribers, limit=0) == []
        assert await asking.master("GET", f"{SERVICES}/{group}/subscribers") == 4313
        assert await asking.master("GET", subscribers, client_id="a\n") == 4301


async def test_what_a_client_subscribes_to_is_listed_by_when_it_began(tmp_path: Path) -> None:
    async with opened(tmp_path) as asking:
        services = [await made(asking, SERVICES, c="host", name=f"n{number}") for number in range(4)]
        await made(asking)
        for one in (services[2], services[0], services[3], services[1]):
            await asyncio.sleep(0.002)
            await asking.master("POST", f"{SERVICES}/{one}/subscribers", {"client_id": "ann"})
        await asking.master("DELETE", f"{SERVICES}/{services[3]}/subscribers/ann")
        path = f"{ROOT}/clients/ann/service-conversations"
        listed = await asking.master("GET", path)
        assert [one["conv_id"] for one in listed] == [services[2], services[0], services[1]]
        assert {one["subscriber"] for one in listed} == {"ann"}
        assert [one["timestamp"] for one in listed] == sorted(one["timestamp"] for one in listed)
        assert await asking.master("GET", path, direction="old") == listed[::-1]
        assert await asking.master("GET", path, limit=2) == listed[:2]
        first, last = listed[0], listed[2]
        later = {"conv_id": first["conv_id"], "timestamp": first["timestamp"]}
        assert await asking.master("GET", path, **later) == listed[1:]
        earlier = {"conv_id": last["conv_id"], "timestamp": last["timestamp"], "direction": "old"}
        assert await asking.master("GET", path, **earlier) == listed[1::-1]
        assert await asking.master("GET", f"{ROOT}/clients/bob/service-conversations") == []


async def test_what_was_announced_is_listed_and_taken_back_by_its_id_alone(tmp_path: Path) -> None:
    async with opened(tmp_path) as asking:
        service, other = await made(asking, SERVICES, c="host"), await made(asking, SERVICES, c="host")
        await asking.master("POST", f"{SERVICES}/{service}/subscribers", {"client_id": "ann"})
        said = [
            await asking.master("POST", f"{SERVICES}/{service}/broadcasts", {"message": f"news {number}"})
            for number in range(4)
        ]
        elsewhere = await asking.master("POST", f"{SERVICES}/{other}/broadcasts", {"message": "elsewhere"})
        path = f"{ROOT}/broadcasts"

        async def told(**query: object) -> list[str]:
            return [one["data"] for one in await asking.master("GET", path, conv_id=service, **query)]

        assert await told() == ["news 3", "news 2", "news 1", "news 0"]
        assert await told(limit=2, skip=1) == ["news 2", "news 1"]
        assert await told(limit=0) == await told(skip=9) == []
        assert await asking.master("DELETE", f"{path}/{said[1]['msg-id']}") == {}
        assert await asking.master("DELETE", f"{path}/{elsewhere['msg-id']}", conv_id=service) == 4404
        assert await asking.master("DELETE", f"{path}/{elsewhere['msg-id']}", conv_id=other) == {}
        assert await asking.master("DELETE", f"{path}/nonsense") == 4404
        heard = await asking.master("GET", f"{SERVICES}/{service}/subscribers/ann/messages")
        assert [one["data"] for one in heard] == ["news 3", "news 2", '{"_lctype":-127}', "news 0"]
        assert heard == await asking.master("GET", f"{SERVICES}/{service}/messages")
        assert await asking.master("GET", f"{SERVICES}/{service}/subscribers/bob/messages") == 4312
        assert await asking.master("GET", path, conv_id=await made(asking)) == 4313
        assert await asking.master("GET", path) == 4301


async def test_large_announcements_are_listed_to_the_first(tmp_path: Path) -> None:
    """Pages of ours are bounded in bytes: those passed over filled them, and the list ended early."""
    async with opened(tmp_path, UNISONO_RATES__OPERATOR_BURST="1000") as asking:
        service = await made(asking, SERVICES, c="host")
        for number in range(50):
            words = f"{number}:".ljust(20_000, "x")
            await asking.master("POST", f"{SERVICES}/{service}/broadcasts", {"message": words})

        async def told(**query: object) -> list[int]:
            listed = await asking.master("GET", f"{ROOT}/broadcasts", conv_id=service, **query)
            return [int(one["data"].partition(":")[0]) for one in listed]

        assert await told(limit=20, skip=40) == list(range(9, -1, -1))
        assert await told(limit=45, skip=2) == list(range(47, 2, -1))


async def test_people_in_a_room_are_listed_and_users_counted(tmp_path: Path) -> None:
    async with opened(tmp_path) as asking:
        room, group = await made(asking, ROOMS), await made(asking)
        stats = f"{ROOT}/stats"
        assert await asking.master("GET", stats) == {"result": {"online_user_count": 0, "user_count_today": 0}}
        async with await asking.desk.login("bob") as bob:
            async with await asking.desk.login("ann") as ann:
                for each in (bob, ann):
                    await each.ask("enter", conversation=room)
                assert await asking.master("GET", f"{ROOMS}/{room}/members") == {"result": ["ann", "bob"]}
                both = {"online_user_count": 2, "user_count_today": 2}
                assert await asking.master("GET", stats) == {"result": both}
                await ann.ask("logout")
            assert await asking.master("GET", f"{ROOMS}/{room}/members") == {"result": ["bob"]}
            one = {"online_user_count": 1, "user_count_today": 2}
            assert await asking.master("GET", stats) == {"result": one}
        assert await asking.master("GET", f"{ROOMS}/{group}/members") == 4316
        assert await asking.master("GET", f"{GROUPS}/{room}/members") == 4314


async def test_what_a_client_missed_of_a_temporary_conversation_has_the_name_that_it_knows(tmp_path: Path) -> None:
    """Its id was told as native clients know it, and LeanCloud's found nothing by that."""
    async with opened(tmp_path) as asking, await asking.desk.login("bob") as bob:
        made_so = await bob.ask("create", key="k", of="temporary", members=["cat"], joining="open", unique=True)
        cid = "_tmp:" + made_so["answer"]["conversation"]
        group = await made(asking, m=["ann", "cat"])
        told = await asking.master("GET", "/1.1/rtm/notifications", client_id="cat", notification_type="permanent")
        assert [one["cid"] for one in told["notifications"]] == [cid, group]


async def test_what_a_client_said_is_listed_wherever_it_was(tmp_path: Path) -> None:
    async with opened(tmp_path) as asking:
        groups = [await made(asking, name=f"n{number}") for number in range(2)]
        said = []
        for number in range(5):
            await asyncio.sleep(0.002)
            path, message = f"{GROUPS}/{groups[number % 2]}/messages", {"message": f"m{number}"}
            said.append(await asking.master("POST", path, {"from_client": "ann", **message}))
            await asking.master("POST", path, {"from_client": "bob", **message})
        path = f"{ROOT}/clients/ann/messages"

        async def told(**query: object) -> list[int]:
            rows = await asking.master("GET", path, **query)
            assert all(row["from"] == "ann" and row["conv-id"] == row["to"] for row in rows)
            return [int(row["data"][1:]) for row in rows]

        def at(number: int, prefix: str = "") -> dict[str, object]:
            return {f"{prefix}timestamp": said[number]["timestamp"], f"{prefix}msgid": said[number]["msg-id"]}

        newest = await asking.master("GET", path, limit=1)
        assert (newest[0]["msg-id"], newest[0]["timestamp"]) == (said[4]["msg-id"], said[4]["timestamp"])
        assert (newest[0]["conv-id"], newest[0]["is-room"]) == (groups[0], False)
        assert await told() == [4, 3, 2, 1, 0]
        assert await told(reversed="true", limit=2) == [0, 1]
        assert await told(**at(3)) == [2, 1, 0]
        assert await told(timestamp=said[3]["timestamp"]) == [2, 1, 0]
        assert await told(**at(3), include_start="true") == [3, 2, 1, 0]
        assert await told(**at(3), **at(1, "till_")) == [2]
        assert await told(**at(3), **at(1, "till_"), include_start="true", include_stop="true") == [3, 2, 1]
        assert await told(timestamp=said[3]["timestamp"], till_timestamp=said[1]["timestamp"]) == [2]
        assert await told(**at(1), **at(3, "till_"), reversed="true") == [2]
        assert await told(limit=0) == []
        assert await asking.master("GET", f"{ROOT}/clients/cat/messages") == []
        assert await asking.master("GET", path, limit="x") == 4301
