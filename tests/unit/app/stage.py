"""Small makers of facts, links and an app without doors, for the tests of the use cases."""

from collections.abc import Iterable

from tests.support.recording import RecordingLink
from unisono.app.audience import Attached
from unisono.domain.facts import (
    Content,
    ConversationCreated,
    Fact,
    MembersJoined,
    MembersLeft,
    MessagePlaced,
    PlacedFact,
)
from unisono.domain.ids import (
    FIRST_EPOCH,
    START,
    Checkpoint,
    ConversationId,
    DeviceId,
    Fence,
    Instant,
    SendKey,
    Seq,
    SessionId,
    StreamKey,
    UserId,
    conversation_stream,
)

CHAT = conversation_stream(ConversationId("chat"))
ALICE, BOB, CAROL, DAVE = (UserId(name) for name in ("alice", "bob", "carol", "dave"))


def users(*names: str) -> tuple[UserId, ...]:
    return tuple(UserId(name) for name in names)


def created(*members: str) -> ConversationCreated:
    return ConversationCreated(by=UserId(members[0]), of="group", members=users(*members))


def message(text: str = "hello", sender: UserId = ALICE) -> MessagePlaced:
    return MessagePlaced(sender=sender, key=SendKey(text), content=Content(text=text))


def joined(*names: str) -> MembersJoined:
    return MembersJoined(users=users(*names), by=ALICE)


def left(*names: str) -> MembersLeft:
    return MembersLeft(users=users(*names), by=ALICE)


def placed(seq: int, fact: Fact, stream: StreamKey = CHAT, checkpoint: Checkpoint = START) -> PlacedFact:
    return PlacedFact(stream=stream, epoch=FIRST_EPOCH, seq=Seq(seq), at=Instant(seq), checkpoint=checkpoint, fact=fact)


def stream_of(facts: Iterable[Fact], first: int = 1, stream: StreamKey = CHAT) -> list[PlacedFact]:
    return [placed(seq, fact, stream) for seq, fact in enumerate(facts, first)]


def attached(user: UserId, link: RecordingLink, *, session: str | None = None, fence: int = 0) -> Attached:
    return Attached(user, SessionId(session or f"session-of-{user}"), DeviceId(f"device-of-{user}"), Fence(fence), link)


def seqs(facts: Iterable[PlacedFact]) -> list[int]:
    return [fact.seq for fact in facts]
