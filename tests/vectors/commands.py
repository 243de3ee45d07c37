"""One command of each kind with its least, and one with all its fields."""

from typing import Final

from unisono.domain import commands as c
from unisono.domain.facts import Content
from unisono.domain.ids import (
    Checkpoint,
    ConversationId,
    DeviceId,
    Epoch,
    Fence,
    Instant,
    PageMark,
    Platform,
    SendKey,
    Seq,
    SessionId,
    StreamKey,
    TabId,
    Tag,
    UserId,
)

ROOM: Final = ConversationId("65f0c2d1a4b3e2f1c0d9e8f7")
KEY: Final = SendKey("2f1c9f6e-7d0a-4c3b-8a55-0f6f2f3f9a10")
LOGIN: Final = "5b0e6a52b9f34a6f8a3d"
ANN, BOB, CAT = UserId("ann"), UserId("bob"), UserId("cat")

LEAST: Final[tuple[c.Command, ...]] = (
    c.Login(device=c.Device(id=DeviceId("browser-1"), platform=Platform("web")), login=LOGIN),
    c.Resume(session=SessionId(LOGIN), resume_token="secret"),
    c.Logout(),
    c.Ping(),
    c.Sync(),
    c.ReadStream(stream=StreamKey("u/ann"), after=Seq(0)),
    c.CreateConversation(key=KEY),
    c.GetConversation(conversation=ROOM),
    c.ListConversations(),
    c.AddMembers(conversation=ROOM, users=(CAT,)),
    c.RemoveMembers(conversation=ROOM, users=(CAT,)),
    c.Join(conversation=ROOM),
    c.Quit(conversation=ROOM),
    c.SendMessage(conversation=ROOM, key=KEY, content=Content(text="hello")),
    c.GetHistory(conversation=ROOM),
    c.MarkRead(conversation=ROOM, seq=Seq(17)),
    c.TellTyping(conversation=ROOM),
    c.EditMessage(conversation=ROOM, message=Seq(3), content=Content(text="Hello!")),
    c.RecallMessage(conversation=ROOM, message=Seq(3)),
    c.React(conversation=ROOM, message=Seq(3), reaction="+"),
    c.MarkAllRead(),
    c.MarkUnread(conversation=ROOM),
    c.GetUnread(),
    c.MarkDelivered(conversation=ROOM, seq=Seq(17)),
    c.GetReceipts(conversation=ROOM, message=Seq(3)),
    c.ListSessions(),
    c.CloseSession(session=SessionId(LOGIN)),
    c.CloseDevice(device=DeviceId("browser-1")),
    c.AskPresence(users=(BOB,)),
    c.Watch(users=(BOB,)),
    c.Unwatch(users=(BOB,)),
)

MOST: Final[tuple[c.Command, ...]] = (
    c.Login(
        device=c.Device(id=DeviceId("browser-1"), platform=Platform("web"), label="Ann's laptop", info="office"),
        login=LOGIN,
        token="header.payload.signature",
        user=ANN,
        tag=Tag("Mobile"),
        fence=Fence(2),
        tab=TabId("tab-1"),
        sdk="js/1.0.0",
    ),
    c.Resume(
        session=SessionId(LOGIN),
        resume_token="secret",
        fence=Fence(3),
        tab=TabId("tab-1"),
        sdk="js/1.0.0",
    ),
    c.Sync(checkpoint=Checkpoint(4711), after=StreamKey(f"c/{ROOM}"), limit=100),
    c.ReadStream(stream=StreamKey(f"c/{ROOM}"), after=Seq(17), limit=50, epoch=Epoch(1)),
    c.CreateConversation(
        key=KEY, of="direct", members=(BOB,), name="tea", attributes={"topic": {"id": 7, "open": True}}, unique=False
    ),
    c.ListConversations(after=ROOM, limit=10),
    c.ListSessions(after=PageMark(f"1795219200123/{LOGIN}"), limit=10),
    c.AddMembers(conversation=ROOM, users=(BOB, CAT)),
    c.RemoveMembers(conversation=ROOM, users=(BOB, CAT)),
    c.SendMessage(
        conversation=ROOM,
        key=KEY,
        content=Content(
            type=-2,
            text="a picture",
            attributes={"mood": "fine"},
            data={"url": "https://x.test/1.png", "size": 10240},
            binary="AAECAwQF/v8=",
        ),
        transient=True,
        mentions=(BOB,),
        mention_all=True,
        reply_to=Seq(3),
        receipt=True,
        push={"alert": "Hi!"},
    ),
    c.TellTyping(conversation=ROOM, is_typing=False),
    c.MarkAllRead(conversations=(ROOM,)),
    c.GetUnread(after=ROOM, limit=10),
    c.EditMessage(conversation=ROOM, message=Seq(3), content=Content(text="Hello!"), mentions=(BOB,), mention_all=True),
    c.React(conversation=ROOM, message=Seq(3), reaction="\U0001f44d", on=False),
    c.AskPresence(users=(BOB, CAT)),
    c.Watch(users=(BOB, CAT)),
    c.Unwatch(users=(BOB, CAT)),
    c.GetHistory(
        conversation=ROOM,
        before=Seq(100),
        after=Seq(17),
        limit=50,
        before_at=Instant(1_795_219_200_123),
        after_at=Instant(1_795_219_100_000),
        type=-2,
        direction="newer",
    ),
)
