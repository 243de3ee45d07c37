"""Calls and claims in server frames."""

from typing import Final

from tests.vectors.commands import ANN, BOB, CALL, CAT, LOGIN, ROOM
from unisono.domain import answers as a
from unisono.domain import events as e
from unisono.domain import facts as f
from unisono.domain.call_answers import CallAnswer, Calls, Claimed, TurnServers
from unisono.domain.call_view import CallView, EndView, IceServer
from unisono.domain.ids import DeviceId, Instant, Platform, SessionId

NOW: Final = Instant(1_795_219_200_123)
SESSION: Final = SessionId(LOGIN)
DEVICE: Final = DeviceId("browser-1")
LABEL: Final = f.Label(Platform("ios"), label="Ann's phone", info="red")

PLAIN_CALL: Final = CallView(CALL, 1, "ringing", ANN, (BOB,), "audio", NOW, Instant(NOW + 45_000), ringing=(BOB,))
FULL_CALL: Final = CallView(
    CALL,
    5,
    "ended",
    ANN,
    (BOB, CAT),
    "video",
    NOW,
    Instant(NOW + 45_000),
    conversation=ROOM,
    data={"topic": "tea"},
    ringing=(CAT,),
    ends=(EndView(ANN, SESSION, NOW, LABEL), EndView(BOB, SessionId("s-2"), NOW)),
    declined=(CAT,),
    silent=(DEVICE,),
    answered_at=NOW,
    ended_at=NOW,
    reason="hung_up",
    by=BOB,
)


FACTS: Final[dict[str, f.Fact]] = {
    "call_ended: least": f.CallEnded(CALL, ANN, (BOB,), "audio", "cancelled", NOW),
    "call_ended": f.CallEnded(
        CALL,
        ANN,
        (BOB, CAT),
        "video",
        "hung_up",
        NOW,
        joined=(BOB,),
        conversation=ROOM,
        answered_at=NOW,
        by=ANN,
        is_missed=True,
    ),
}

ANSWERS: Final[dict[str, a.AnyAnswer]] = {
    "call": CallAnswer(FULL_CALL),
    "calls: none": Calls(()),
    "calls": Calls((PLAIN_CALL, FULL_CALL)),
    "turn: none": TurnServers((), 3600),
    "turn": TurnServers(
        (
            IceServer(("stun:turn.x.test",)),
            IceServer(("turn:turn.x.test",), "1795222800:ann", "5HMGPXHfGlVSlIRBCtgNhGVvZ3g="),
        ),
        3600,
    ),
    "claimed: free": Claimed(is_mine=False),
    "claimed": Claimed(is_mine=False, is_done=True, number=3, left_ms=29_990, holder=SESSION),
}

EVENTS: Final[dict[str, e.Event]] = {
    "call: rings": e.CallChanged(PLAIN_CALL),
    "call": e.CallChanged(FULL_CALL),
    "call_signal": e.CallSignalled(CALL, BOB, SESSION, {"candidate": "udp 1"}),
    "typing: ceased": e.Typing(ROOM, BOB, is_typing=False),
}
