"""What sessions do about calls, and what they hear of them."""

from collections.abc import Sequence

from tests.unit.app.app_stage import AppStage, Present
from tests.unit.app.fanout_stage import settle
from unisono.domain import commands as c
from unisono.domain.call_answers import CallAnswer, Calls
from unisono.domain.call_view import CallView
from unisono.domain.events import CallChanged, CallSignalled
from unisono.domain.facts import CallEnded
from unisono.domain.ids import CallId, SendKey, UserId


def heard(present: Present) -> list[CallView]:
    return [event.call for event in present.link.events if isinstance(event, CallChanged)]


def ended(present: Present) -> list[CallEnded]:
    return [each.fact for each in present.link.facts if isinstance(each.fact, CallEnded)]


def signals(present: Present) -> list[object]:
    return [event.data for event in present.link.events if isinstance(event, CallSignalled)]


async def about(present: Present, command: c.Command) -> CallView:
    answer = await present.ask(command)
    assert isinstance(answer, CallAnswer)
    return answer.call


async def start(caller: Present, *users: str, key: str = "k", ring_s: int = 45) -> CallView:
    return await about(caller, c.StartCall(SendKey(key), tuple(map(UserId, users)), ring_s=ring_s))


async def sweep(stage: AppStage) -> None:
    await stage.node.calling.sweep()
    await settle(5)


async def rings_for(present: Present) -> Sequence[CallId]:
    answer = await present.ask(c.ListCalls())
    assert isinstance(answer, Calls)
    return [call.call for call in answer.calls if call.ringing]
