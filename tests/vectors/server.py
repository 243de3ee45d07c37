"""Server frames: each answer, fact, error and end, with the least and the most they hold."""

from collections.abc import Iterator
from typing import Final

from msgspec import structs

from tests.vectors import calls
from tests.vectors.arrangements import ARRANGEMENTS, SILENCE
from tests.vectors.calls import DEVICE, LABEL, NOW, SESSION
from tests.vectors.commands import ANN, BOB, CAT, KEY, ROOM
from tests.vectors.contacts import CONTACT_ANSWERS, CONTACT_FACTS
from tests.vectors.threads import PARENT, THREAD_FACTS
from unisono.domain import answers as a
from unisono.domain import events as e
from unisono.domain import facts as f
from unisono.domain.errors import RateLimited, TooLarge, UnisonoError, leaves
from unisono.domain.ids import (
    INTEGER_MAX,
    Checkpoint,
    ConversationId,
    Epoch,
    Fence,
    FileId,
    Instant,
    ObjectName,
    PageMark,
    Platform,
    Seq,
    StreamKey,
    TabId,
    Tag,
)
from unisono.domain.kept import ObjectView
from unisono.domain.origin import Caused, origin_of
from unisono.domain.seats import Seat
from unisono.domain.session_view import SessionView, TabView
from unisono.domain.told import Addressed, Answered, Asked, Teller, Told, ToldLater
from unisono.wire.codes import CODES
from unisono.wire.native import Bye, EventFrame, Push, Refusal, Reply

EPOCH: Final = Epoch(1)
STREAM: Final = StreamKey(f"c/{ROOM}")
PICTURE: Final = f.Content(type=-2, text="a picture", attributes={"mood": "fine"}, data={"size": 10240})
BINARY: Final = f.Content(type=9, binary="AAECAwQF/v8=")
MOST: Final = f.MessagePlaced(
    sender=ANN,
    key=KEY,
    content=PICTURE,
    mentions=(BOB,),
    mention_all=True,
    reply_to=Seq(3),
    receipt=True,
    push={"alert": "Hi!"},
    revision=Seq(19),
    revised_at=NOW,
)
RECALLED: Final = f.MessagePlaced(ANN, KEY, f.Content(), revision=Seq(20), revised_at=NOW, is_recalled=True)

RULES: Final = f.Rules(add="manager", restrict="owner")

FACTS: Final[dict[str, f.Fact]] = {
    **calls.FACTS,
    "created: least": f.ConversationCreated(by=ANN, of="group", members=(ANN,)),
    "created: all fields": f.ConversationCreated(
        by=ANN,
        of="group",
        members=(ANN, BOB),
        name="tea",
        attributes={"topic": {"id": 7}},
        is_unique=True,
        joining="open",
        rules=RULES,
        expires_at=NOW,
        keeps_history=True,
    ),
    "created: by the operator": f.ConversationCreated(by=ANN, of="service", members=(), joining="open", audience="all"),
    "changed: least": f.ConversationChanged(by=ANN),
    "changed: all fields": f.ConversationChanged(
        by=ANN,
        name="",
        set={"attr.place.city": "Oslo", "attr.gone": None},
        unset=("attr.topic.id",),
        joining="open",
        rules=f.Rules(add="owner", remove="member", update="manager", mention_all="owner", restrict="owner"),
    ),
    "member_changed: role": f.MemberChanged(user=BOB, by=ANN, role="manager"),
    "member_changed: attributes": f.MemberChanged(user=BOB, by=BOB, attributes={"nick": "B."}),
    "restricted: for ever": f.MembersRestricted(users=(BOB, CAT), by=ANN, what="blocked", is_on=True),
    "restricted: for a while": f.MembersRestricted((BOB,), ANN, "silenced", is_on=True, until=NOW),
    "ended: expired": f.ConversationEnded("expired"),
    "ended: dissolved": f.ConversationEnded("dissolved", by=ANN),
    "restricted: no more": f.MembersRestricted((BOB,), ANN, "silenced", is_on=False),
    "message: least": f.MessagePlaced(sender=ANN, key=KEY, content=f.Content(text="hello")),
    "message: all fields": MOST,
    "message: bytes": f.MessagePlaced(sender=ANN, key=KEY, content=BINARY),
    "message: empty text": f.MessagePlaced(sender=ANN, key=KEY, content=f.Content(text="")),
    "message: beyond the basic plane": f.MessagePlaced(ANN, KEY, f.Content(text="\U0001f375\U00020000\x00\u2028")),
    "message: recalled": RECALLED,
    "revised: least": f.MessageRevised(Seq(3), ANN, f.Content(text="Hello!")),
    "revised: all fields": f.MessageRevised(Seq(3), ANN, PICTURE, mentions=(BOB,), mention_all=True),
    "recalled": f.MessageRecalled(Seq(3), ANN),
    "reacted": f.MessageReacted(Seq(3), BOB, "\U0001f44d", is_on=True),
    "reacted: taken away": f.MessageReacted(Seq(3), BOB, "\U0001f44d", is_on=False),
    "joined: by themselves": f.MembersJoined(users=(CAT,), by=CAT),
    "joined: by invitation": f.MembersJoined(users=(BOB, CAT), by=ANN),
    "left: by themselves": f.MembersLeft(users=(CAT,), by=CAT),
    "left: removed": f.MembersLeft(users=(BOB, CAT), by=ANN),
    "entered": f.ConversationEntered(conversation=ROOM, seq=Seq(1), by=BOB),
    "exited": f.ConversationExited(conversation=ROOM, seq=Seq(18), by=BOB),
    "exited: it ended": f.ConversationExited(conversation=ROOM, seq=Seq(18)),
    "made": f.ConversationMade(conversation=ROOM, of="room"),
    "level": f.LevelSet(conversation=ROOM, level="mentions"),
    "read": f.ReadMarkMoved(conversation=ROOM, seq=Seq(17), head=Seq(17)),
    "read: all fields": f.ReadMarkMoved(ROOM, Seq(12), Seq(17), unread=4, mentions=1),
    "marked_unread": f.MarkedUnread(ROOM),
    **ARRANGEMENTS,
    "object_set": f.ObjectSet(ObjectName("theme"), KEY, "dark"),
    "object_set: nothing": f.ObjectSet(ObjectName("theme"), KEY),
    "object_set: superseded": f.ObjectSet(ObjectName("theme"), KEY, is_superseded=True),
    "object_dropped": f.ObjectDropped(ObjectName("theme"), KEY),
    **CONTACT_FACTS,
    **THREAD_FACTS,
    "delivered_to": f.DeliveredTo(ROOM, Seq(17), BOB, after=Seq(12)),
    "read_by": f.ReadBy(ROOM, Seq(17), BOB, after=Seq(12)),
    "session_opened: least": f.SessionOpened(SESSION, DEVICE, f.Label(Platform("web"))),
    "session_opened: all fields": f.SessionOpened(SESSION, DEVICE, LABEL, tag=Tag("Mobile")),
    "session_ended: logged_out": f.SessionEnded(SESSION, DEVICE, "logged_out"),
    "session_ended: closed": f.SessionEnded(SESSION, DEVICE, "closed"),
    "session_ended: closed, and why": f.SessionEnded(SESSION, DEVICE, "closed", why="this phone was lost"),
    "session_ended: displaced": f.SessionEnded(SESSION, DEVICE, "displaced", newcomer=LABEL),
    "session_ended: replaced": f.SessionEnded(SESSION, DEVICE, "replaced", newcomer=f.Label(Platform("web"))),
    "session_ended: revoked": f.SessionEnded(SESSION, DEVICE, "revoked"),
    "session_ended: expired": f.SessionEnded(SESSION, DEVICE, "expired"),
}

CAUSED: Final = {
    f"{fact.__struct_config__.tag}: by a session": structs.replace(fact, origin=origin_of(SESSION))
    for fact in {type(fact): fact for fact in FACTS.values() if isinstance(fact, Caused)}.values()
}

VIEW: Final = a.ConversationView(ROOM, "group", ANN, NOW, NOW, EPOCH, Seq(17), Seq(12))
FULL_VIEW: Final = a.ConversationView(
    conversation=ROOM,
    of="direct",
    creator=ANN,
    created_at=Instant(NOW - 1000),
    updated_at=NOW,
    epoch=EPOCH,
    head=Seq(17),
    read=Seq(12),
    name="tea",
    attributes={"topic": {"id": 7}},
    members=(ANN, BOB),
    is_new=True,
    unique=True,
    unread=4,
    is_marked_unread=True,
    count=2,
    role="owner",
    level="none",
    joining="open",
    rules=RULES,
    expires_at=NOW,
    keeps_history=True,
    last_message_at=Instant(NOW - 1),
    last=a.HistoryEntry(Seq(16), Instant(NOW - 1), f.MessagePlaced(ANN, KEY, f.Content(text="hello"))),
    pinned_at=NOW,
    marks=("work", "später"),
    silence=SILENCE,
    is_muted=True,
    parent=PARENT,
)
ENTRIES: Final = (
    a.HistoryEntry(Seq(16), Instant(NOW - 1), f.MessagePlaced(ANN, KEY, f.Content(text="hello"))),
    a.HistoryEntry(
        Seq(17),
        NOW,
        f.MessagePlaced(BOB, KEY, PICTURE),
        (a.ReactionCount("+", 2, is_mine=True), a.ReactionCount("-", 1)),
    ),
)

ANSWERS: Final[dict[str, a.AnyAnswer]] = {
    **calls.ANSWERS,
    "welcome: least": a.Welcome(heartbeat_s=25, server="1.0.0", checkpoint=Checkpoint(0), epoch=EPOCH),
    "welcome: to a login": a.Welcome(
        heartbeat_s=25,
        server="1.0.0",
        checkpoint=Checkpoint(4711),
        epoch=EPOCH,
        user=ANN,
        session=SESSION,
        tab=TabId("tab-1"),
        resume_token="5cwq0T0XQp3uS0R3mS9kN1c2y3d4e5f6g7h8i9j0k1l",
        fence=Fence(1),
        token_expires_at=NOW,
    ),
    "welcome: to a resume": a.Welcome(
        heartbeat_s=25,
        server="1.0.0",
        checkpoint=Checkpoint(4711),
        epoch=EPOCH,
        user=ANN,
        session=SESSION,
        fence=Fence(2),
        seats=(Seat(ROOM), Seat(ROOM, TabId("tab-2"))),
    ),
    "done": a.Done(),
    "pong": a.Pong(checkpoint=Checkpoint(4711)),
    "moved: nothing": a.Moved(heads=(), checkpoint=Checkpoint(4711)),
    "moved: one page of several": a.Moved(
        heads=(a.StreamHead(STREAM, EPOCH, Seq(17)), a.StreamHead(StreamKey("u/ann"), Epoch(2), Seq(3))),
        checkpoint=Checkpoint(4711),
        next=StreamKey("u/ann"),
    ),
    "facts: none": a.Facts(STREAM, EPOCH, (), head=Seq(0)),
    "facts: the first ones are gone": a.Facts(STREAM, EPOCH, (), head=Seq(17), oldest=Seq(18)),
    "facts: some": a.Facts(
        STREAM,
        EPOCH,
        (
            a.SeqFact(Seq(1), Instant(NOW - 1), FACTS["created: least"]),
            a.SeqFact(Seq(2), NOW, FACTS["message: least"]),
        ),
        head=Seq(17),
    ),
    "start_over": a.StartOver(STREAM, Epoch(2), Seq(1), Seq(17), "epoch_changed"),
    "placed": a.Placed(STREAM, EPOCH, Seq(17), NOW),
    "passed": a.Passed(NOW),
    "placed: greatest numbers": a.Placed(STREAM, Epoch(INTEGER_MAX), Seq(INTEGER_MAX), Instant(INTEGER_MAX)),
    "conversation: least": VIEW,
    "conversation: all fields": FULL_VIEW,
    "conversations: none": a.Conversations(conversations=()),
    "conversations: one page of several": a.Conversations((VIEW, VIEW), next=ConversationId(ROOM)),
    "found: none": a.FoundConversations((), has_more=False),
    "found: some": a.FoundConversations((VIEW, FULL_VIEW), has_more=True),
    "messages: none": a.FoundMessages(()),
    "messages: one page of several": a.FoundMessages(
        (
            a.FoundMessage(ROOM, Seq(17), NOW, f.MessagePlaced(ANN, KEY, f.Content(text="black tea"))),
            a.FoundMessage(ROOM, Seq(16), Instant(NOW - 1), f.MessagePlaced(BOB, KEY, f.Content(text="Tea?"))),
        ),
        next=PageMark(f"{NOW - 1}/16/{ROOM}"),
    ),
    "membership": a.Membership(ROOM, (ANN, BOB)),
    "members: none": a.Members(ROOM, ()),
    "members: one page of several": a.Members(
        ROOM,
        (a.MemberView(ANN, "owner", {"nick": "A."}, delivered=Seq(17), read=Seq(12)), a.MemberView(BOB, until=NOW)),
        next=BOB,
    ),
    "membership: after leaving": a.Membership(ROOM, ()),
    "history: none": a.History(ROOM, (), has_more=False),
    "history: some": a.History(ROOM, ENTRIES, has_more=True),
    "history: older ones are gone": a.History(ROOM, ENTRIES, has_more=False, trimmed=True),
    "read_mark": a.ReadMark(ROOM, Seq(17)),
    "read_mark: some left": a.ReadMark(ROOM, Seq(12), unread=4),
    "receipts": a.Receipts(ROOM, Seq(3), (BOB, CAT), (BOB,), 3),
    "silence_of_all: none": a.SilenceOfAll(),
    "silence_of_all": a.SilenceOfAll(SILENCE),
    "objects: none": a.Objects(()),
    "objects": a.Objects((ObjectView(ObjectName("theme"), Seq(17), NOW, {"is": "dark"}),), next=ObjectName("theme")),
    **CONTACT_ANSWERS,
    "missed: nothing": a.Missed(()),
    "missed": a.Missed((a.MissedConversation(ROOM, (ENTRIES[1],), gap=a.Gap(Seq(10), Seq(16))),), next=ROOM),
    "unread: nothing": a.Unread(0, 0, ()),
    "unread": a.Unread(
        7,
        1,
        (
            a.UnreadConversation(ROOM, 7, Seq(17), Seq(9), mentions=1, is_marked_unread=True, last=ENTRIES[1]),
            a.UnreadConversation(ROOM, 0, Seq(17), Seq(17)),
        ),
        next=ConversationId(ROOM),
    ),
    "answered": Answered({"price": 1.5}),
    "addressed": Addressed(live=2, away=0),
    "sessions": a.Sessions(
        (
            SessionView(
                SESSION,
                DEVICE,
                f.Label(Platform("web")),
                "live",
                Instant(NOW - 9),
                NOW,
                is_this=True,
                tabs=(TabView(TabId("tab-1")),),
            ),
            SessionView(
                SESSION, DEVICE, LABEL, "detached", Instant(NOW - 9), NOW, tag=Tag("Mobile"), address="192.0.2.7"
            ),
        )
    ),
    "sessions: one page of several": a.Sessions((), next=PageMark(f"{NOW}/{SESSION}")),
    "count: a room": a.Count(ROOM, 4711, 5001),
    "count: members": a.Count(ROOM, 2),
    "upload": a.Upload(
        FileId("0" * 32),
        put="/files/default/0?until=1&proof=ab",
        until=NOW,
        url="/files/default/0.png",
        type="image/png",
    ),
    "presences": a.Presences(
        (
            e.Presence(BOB, "online", (Platform("ios"), Platform("web"))),
            e.Presence(CAT, "offline", seen_at=NOW),
            e.Presence(ANN, "offline"),
        )
    ),
}


EVENTS: Final[dict[str, e.Event]] = {
    **calls.EVENTS,
    "message": e.TransientMessage(ROOM, NOW, f.MessagePlaced(ANN, KEY, f.Content(text="hello"))),
    "message: all fields": e.TransientMessage(ROOM, NOW, MOST),
    "typing": e.Typing(ROOM, BOB, is_typing=True),
    "message: of a room that keeps it": e.TransientMessage(
        ROOM, NOW, f.MessagePlaced(ANN, KEY, f.Content(text="hello")), Seq(17)
    ),
    "presence: came": e.Presence(BOB, "online", (Platform("web"),)),
    "presence: went": e.Presence(BOB, "offline", seen_at=NOW),
    "put out of a room": e.PutOut(ROOM),
    "tabs: none": e.TabsChanged(SESSION),
    "tabs": e.TabsChanged(SESSION, (TabView(TabId("tab-1")), TabView(TabId("tab-2"), NOW, "Inbox"))),
    "tab_closed": e.TabClosed(TabId("tab-1")),
    "tab_closed, and why": e.TabClosed(TabId("tab-1"), "we restart"),
    "told: by the server": Told(KEY, NOW, "cart"),
    "told": Told(KEY, NOW, "cart", {"items": [1]}, teller=Teller(SESSION, TabId("tab-1")), tab=TabId("tab-2")),
    "asked: least": Asked("q1", "where", 10_000),
    "asked": Asked("q1", "where", 10_000, {"of": [1]}, TabId("tab-1")),
    "told: a message": Told(KEY, NOW, content=f.Content(text="Hi!"), teller=Teller(SESSION), is_kept=True),
    "told_later": ToldLater((Told(KEY, NOW, "cart", is_kept=True),), has_more=True, lost=1795219200123),
}


def events() -> Iterator[tuple[str, Push]]:
    """Give a frame with each event."""
    for name, event in EVENTS.items():
        yield f"event: {name}", EventFrame(event)


def answers() -> Iterator[tuple[str, Push]]:
    """Give a reply with each answer."""
    for number, (name, answer) in enumerate(ANSWERS.items(), 1):
        yield f"reply: {name}", Reply(number, answer)
    yield "reply: greatest request id", Reply(INTEGER_MAX, a.Done())


def placed_facts() -> Iterator[tuple[str, list[f.PlacedFact], Checkpoint]]:
    """Give what deliveries are made of: each fact alone, and several in one frame."""
    for number, (name, fact) in enumerate({**FACTS, **CAUSED}.items(), 1):
        stream = STREAM if isinstance(fact, f.ConversationFact) else StreamKey("u/ann")
        yield name, [f.PlacedFact(stream, EPOCH, Seq(number), NOW, Checkpoint(0), fact)], Checkpoint(4711)
    several = [FACTS["created: all fields"], FACTS["message: least"], FACTS["joined: by invitation"]]
    run = [f.PlacedFact(STREAM, EPOCH, Seq(seq), NOW, Checkpoint(0), fact) for seq, fact in enumerate(several, 1)]
    yield "several", run, Checkpoint(4711)
    last = f.PlacedFact(
        STREAM, Epoch(INTEGER_MAX), Seq(INTEGER_MAX), Instant(INTEGER_MAX), Checkpoint(0), FACTS["message: least"]
    )
    yield "greatest numbers", [last], Checkpoint(INTEGER_MAX)


def faults() -> Iterator[UnisonoError]:
    """Give one fault of each code."""
    for leaf in leaves():
        if leaf.code in CODES:
            yield leaf()


def refusals() -> Iterator[tuple[str, Push]]:
    """Give an error of each code, and such with everything an error can tell."""
    for fault in faults():
        yield f"error: {fault.code}", Refusal(7, fault.code, fault.message, retryable=fault.retryable)
    for told in (RateLimited(retry_after_ms=250), TooLarge(what="message", limit_bytes=65_536, bytes=70_000)):
        yield (
            f"error: {told.code}, with numbers",
            Refusal(
                0,
                told.code,
                told.message,
                retryable=told.retryable,
                retry_after_ms=told.retry_after_ms,
                numbers=dict(told.numbers),
            ),
        )


def ends() -> Iterator[tuple[str, Push]]:
    """Give an end with each code."""
    for fault in faults():
        advice = CODES[fault.code].advice.value
        if fault.code in {"displaced", "replaced"}:
            yield f"bye: {fault.code}, by a newcomer", Bye(fault.code, fault.message, advice, newcomer=LABEL)
        yield f"bye: {fault.code}", Bye(fault.code, fault.message, advice)
    yield "bye: draining, with a delay", Bye("draining", "the server is about to stop", "later", retry_after_ms=1500)
