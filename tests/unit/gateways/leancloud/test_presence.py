"""Clients ask who is there, and report."""

from tests.support.virtual_time import in_virtual_time
from tests.unit.gateways.leancloud.clients import Client, clients
from unisono.app.options import PresenceRules
from unisono.wire.leancloud import realtime_pb2 as pb


async def online(client: Client, *users: str) -> list[str]:
    said = pb.SessionCommand(sessionPeerIds=users)
    answer = await client.say(pb.GenericCommand(cmd=pb.session, op=pb.query, i=7, sessionMessage=said))
    assert (answer.op, answer.HasField("sessionMessage")) == (pb.query_result, True)
    return list(answer.sessionMessage.onlineSessionPeerIds)


@in_virtual_time
async def test_who_is_there_is_told_as_far_as_it_may_be_seen() -> None:
    async with clients("tom", "jerry", "mary") as (tom, _, __):
        assert await online(tom, "jerry", "tom") == ["tom"]
        await tom.start("jerry", "spike")
        assert await online(tom, "spike", "jerry", "mary") == ["jerry"]
        assert await online(tom) == []


@in_virtual_time
async def test_twenty_are_asked_for_at_once() -> None:
    async with clients("tom", "jerry", presence=PresenceRules(visible_to="everybody")) as (tom, _):
        others = [f"user-{number}" for number in range(19)]
        assert await online(tom, *others, "jerry") == ["jerry"]
        assert await online(tom, "tom", *others, "jerry") == ["tom"]


@in_virtual_time
async def test_a_report_is_taken_note_of() -> None:
    async with clients("tom") as (tom,):
        said = pb.ReportCommand(initiative=True, type="connection", data="x")
        answer = await tom.say(pb.GenericCommand(cmd=pb.report, op=pb.upload, i=7, reportMessage=said))
        assert answer.op == pb.uploaded
