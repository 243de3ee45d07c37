"""The policy is changed while the app runs: from the next login on, on every node."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence

import pytest

from tests.support.virtual_time import in_virtual_time
from tests.unit.app.app_stage import AppStage, Wiring, an_app, execute, failing
from tests.unit.app.fanout_stage import settle
from unisono.domain import commands as c
from unisono.domain.devices import DeviceRules, Policy, Slot
from unisono.domain.errors import Conflict, Forbidden, Unavailable
from unisono.domain.ids import Platform, SendKey, UserId
from unisono.domain.policy import Proposal, Said


async def say(stage: AppStage, *, expect: int | None = None, **said: object) -> int:
    proposal = Proposal(Said(**said), by="key", expect=expect)  # type: ignore[arg-type]
    return (await stage.node.governing.change(proposal)).revision


def writing_at(stage: AppStage) -> str:
    return stage.node.contact_policy.writing


async def here(stage: AppStage) -> list[str]:
    return [view.device for view in await stage.node.own_sessions.list_of(UserId("alice"))]


@pytest.mark.rows("E1", "E2", "E15", "E16")
@in_virtual_time
async def test_one_login_or_several_is_switched_while_the_app_runs() -> None:
    async with an_app() as one, an_app(Wiring(beside=one, name="other")) as other:
        first = await one.login("alice", "a")
        await asyncio.sleep(1)
        await other.login("alice", "b")
        assert await here(one) == ["a", "b"]
        await say(one, devices=DeviceRules("single"))
        await settle()
        assert (await here(one), first.link.code) == (["a", "b"], None), "nobody is ended by it"
        await asyncio.sleep(1)
        await other.login("alice", "c")
        await settle()
        assert (await here(one), first.link.code) == (["c"], "displaced")
        await other.login("alice", "phone", platform="ios")
        await say(other, devices=DeviceRules("multi"))
        for device in "defgh":
            await asyncio.sleep(1)
            await one.login("alice", device)
        assert await here(one) == ["phone", "e", "f", "g", "h"]


@pytest.mark.rows("E13")
@in_virtual_time
async def test_the_number_of_one_platform_is_changed_for_later_logins() -> None:
    async with an_app() as stage:
        for platform in ("web", "ios"):
            for number in range(3):
                await stage.login("alice", f"{platform}{number}", platform=platform)
                await asyncio.sleep(1)
        await say(stage, devices=DeviceRules(capacities={Platform("ios"): 2}))
        await stage.login("alice", "web3")
        await asyncio.sleep(1)
        assert len(await here(stage)) == 7
        await stage.login("alice", "ios3", platform="ios")
        assert await here(stage) == ["web0", "web1", "web2", "ios2", "web3", "ios3"]


@in_virtual_time
async def test_what_is_taken_back_holds_as_in_the_settings() -> None:
    async with an_app(policy=Policy((Slot(key=("app",), capacity=1),))) as stage:
        assert await say(stage, devices=DeviceRules("sente"), writing="contacts") == 1
        assert await say(stage, writing="contacts", expect=1) == 2
        with pytest.raises(Conflict):
            await say(stage, expect=1)
        standing = await stage.node.governing.see()
        assert (standing.revision, standing.said) == (2, Said(writing="contacts"))
        assert standing.in_force.devices.slots == (Slot(key=("app",), capacity=1),)
        assert [change.revision for change in (await stage.node.governing.log(None, 10)).changes] == [2, 1]
        assert ("policy_changed", {"revision": 2, "by": "key", "address": ""}) in stage.telemetry.events


async def talk_to_bob(stage: AppStage, key: str) -> str:
    alice = await stage.login("alice", key)
    answers: list[object] = []
    try:
        command = c.CreateConversation(key=SendKey(key), members=(UserId("bob"),), of="direct")
        await execute(stage.node, alice.caller, command, answers.append)
    except Forbidden:
        return "forbidden"
    return "done"


@in_virtual_time
async def test_who_may_write_to_whom_changes_here_at_once_and_elsewhere_with_the_sweep() -> None:
    async with an_app() as one, an_app(Wiring(beside=one, name="other")) as other:
        await say(one, writing="contacts")
        assert writing_at(one) == "contacts"
        assert writing_at(other) == "anyone"
        await other.node.governing.sweep()
        assert writing_at(other) == "contacts"
        assert await talk_to_bob(other, "k1") == "forbidden"
    async with an_app(Wiring(beside=one, name="third")) as third:
        assert writing_at(third) == "contacts", "a node begins with what was said before it"


@in_virtual_time
async def test_a_sweep_does_not_put_back_what_it_read_before_a_change() -> None:
    async with an_app() as stage:
        governing, policies = stage.node.governing, stage.store.policies
        last: Callable[[], Awaitable[object]] = policies.last

        async def slowly() -> object:
            found = await last()
            policies.last = last  # type: ignore[assignment,method-assign]  # once
            await say(stage, writing="contacts")
            return found

        policies.last = slowly  # type: ignore[assignment,method-assign]
        await governing.sweep()
        assert stage.node.contact_policy.writing == "contacts"


async def tried(stage: AppStage, devices: DeviceRules, *, limit: int = 100, after: str | None = None) -> Sequence[str]:
    behind = None if after is None else UserId(after)
    trial = await stage.node.governing.try_out(devices, behind, limit)
    return [*(record.session for record in trial.crowded_out), f"next {trial.next}"]


@in_virtual_time
async def test_a_policy_is_tried_out_and_nothing_changes() -> None:
    async with an_app() as stage:
        for user in ("alice", "bob", "carol"):
            for device in "ab":
                await stage.login(user, device)
                await asyncio.sleep(1)
        await stage.login("dave", "a")
        single = DeviceRules("single")
        lost = ["login-alice-a", "login-bob-a", "login-carol-a"]
        assert await tried(stage, single) == [*lost, "next None"]
        assert await tried(stage, single, limit=2) == [*lost[:2], "next bob"]
        assert await tried(stage, single, limit=2, after="bob") == [lost[2], "next None"]
        assert await tried(stage, DeviceRules("multi")) == ["next None"]
        assert (await stage.node.governing.see()).revision == 0


@in_virtual_time
async def test_a_trial_looks_at_so_many_users_at_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("USERS_AT_ONCE", "USERS_PER_TRIAL"):
        monkeypatch.setattr(f"unisono.app.governing.{name}", 1)
    async with an_app() as stage:
        for user in ("alice", "bob"):
            for device in "ab":
                await stage.login(user, device)
        assert await tried(stage, DeviceRules("multi")) == ["next alice"]
        assert await tried(stage, DeviceRules("multi"), after="alice") == ["next bob"]
        assert await tried(stage, DeviceRules("multi"), after="bob") == ["next None"]


@in_virtual_time
async def test_a_change_that_the_store_does_not_take_is_none() -> None:
    async with an_app() as stage:
        await stage.login("alice", "a")
        stage.mood = failing("admit")
        with pytest.raises(Unavailable):
            await stage.login("alice", "b")
