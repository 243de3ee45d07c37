"""Clients of LeanCloud's over an app without doors: what they say goes to the handlers, and what comes of it back."""

import json
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from itertools import count
from typing import Any, Final

from tests.unit.app.app_stage import AppStage, Present, an_app
from unisono.domain import commands as c
from unisono.domain.answers import Answer
from unisono.domain.errors import UnisonoError
from unisono.domain.ids import ConversationId, Instant, SendKey, UserId
from unisono.gateways.leancloud.apps import opened_app
from unisono.gateways.leancloud.asking import Refused
from unisono.gateways.leancloud.conversing import CONVERSING
from unisono.leancloud_settings import LeanCloudApp, SignedAct
from unisono.secret import Secret
from unisono.wire.leancloud import realtime_pb2 as pb
from unisono.wire.leancloud.bodies import content_of
from unisono.wire.leancloud.codes import error_of
from unisono.wire.leancloud.envelope import MESSAGING
from unisono.wire.leancloud.places import id_of

KEYS: Final = count(1)
MASTER_KEY: Final = "m" * 16


class Client:
    """Implements `gateways.leancloud.asking.Asker`."""

    def __init__(self, stage: AppStage, present: Present, user: str, settings: LeanCloudApp) -> None:
        self.user = UserId(user)
        self.app = opened_app(settings, stage.node)
        self.present = present
        self.stage = stage

    async def ask(self, command: c.Command) -> Answer:
        return await self.present.ask(command)

    def now(self) -> Instant:
        return self.stage.clock.now()

    def new_key(self) -> SendKey:
        return SendKey(f"key-{next(KEYS)}")

    async def say(self, command: pb.GenericCommand) -> pb.GenericCommand:
        """Say a command, and give its answer, which has all that an answer must have."""
        op = command.op if command.HasField("op") else None
        answer = await CONVERSING[command.cmd, op](self, command)
        assert answer is not None
        assert (answer.cmd, answer.i, answer.peerId, answer.service) == (command.cmd, 7, self.user, MESSAGING)
        assert answer.serverTs == self.now()
        return pb.GenericCommand.FromString(answer.SerializeToString())

    async def conv(self, op: pb.OpType, **fields: Any) -> pb.ConvCommand:
        """Say something about a conversation; JSON may be given as what it says."""
        for name in ("attr", "where"):
            if name in fields and not isinstance(fields[name], str):
                fields[name] = json.dumps(fields[name])
            if name in fields:
                fields[name] = pb.JsonObjectMessage(data=fields[name])
        command = pb.GenericCommand(cmd=pb.conv, op=op, i=7, convMessage=pb.ConvCommand(**fields))
        return (await self.say(command)).convMessage

    async def start(self, *members: str, **fields: Any) -> str:
        """Begin a conversation."""
        return (await self.conv(pb.start, m=[self.user, *members], **fields)).cid

    async def find(self, where: object, **fields: Any) -> list[dict[str, Any]]:
        """Find conversations."""
        found: list[dict[str, Any]] = json.loads(
            (await self.conv(pb.query, where=json.dumps(where), **fields)).results.data
        )
        return found

    async def blacklist(self, op: pb.OpType, **fields: Any) -> pb.BlacklistCommand:
        """Say something about who is blocked."""
        said = pb.BlacklistCommand(**fields)
        return (await self.say(pb.GenericCommand(cmd=pb.blacklist, op=op, i=7, blacklistMessage=said))).blacklistMessage

    async def logs(self, cid: str, **fields: Any) -> Sequence[pb.LogItem]:
        """Read history."""
        said = pb.LogsCommand(cid=cid, **fields)
        return (await self.say(pb.GenericCommand(cmd=pb.logs, i=7, logsMessage=said))).logsMessage.logs

    async def patch(self, *patches: pb.PatchItem) -> int:
        """Edit and recall, and say when that was."""
        said = pb.PatchCommand(patches=patches)
        answer = await self.say(pb.GenericCommand(cmd=pb.patch, op=pb.modify, i=7, patchMessage=said))
        return answer.patchMessage.lastPatchTime

    async def send(self, cid: str, body: str | bytes, key: str | None = None, **fields: Any) -> tuple[str, int]:
        """Say a message, as the door does; give its id and time."""
        key = key or self.new_key()
        conversation = ConversationId(cid.removeprefix("_tmp:"))
        placed: Any = await self.ask(c.SendMessage(conversation, SendKey(key), content_of(body), **fields))
        return id_of(conversation, placed.seq, placed.at, SendKey(key)), placed.at

    async def refused(self, saying: Any) -> int:
        """Say what is to be refused, and give its number."""
        try:
            await saying
        except Refused as refusal:
            return refusal.error.code
        except UnisonoError as fault:
            return error_of(fault).code
        raise AssertionError("it was carried out")


@asynccontextmanager
async def clients(*users: str, signed: tuple[SignedAct, ...] = (), **options: Any) -> AsyncIterator[tuple[Client, ...]]:
    """Give clients of one app."""
    settings = LeanCloudApp(id="an-app", key=Secret("k" * 16), master_key=Secret(MASTER_KEY), signed=signed)
    async with an_app(**options) as stage:
        yield tuple([Client(stage, await stage.login(user), user, settings) for user in users])


def failures(said: pb.ConvCommand | pb.BlacklistCommand) -> dict[str, tuple[int, str]]:
    """Give who was refused, and why."""
    return {user: (failed.code, failed.reason) for failed in said.failedPids for user in failed.pids}
