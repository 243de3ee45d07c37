"""A whole system in one process: nodes, a lying bus, clients that come and go, and a judge at the end."""

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from functools import partial

from tests.sim.client import Arithmetic, CatchesUp, Session, content_of
from tests.sim.log import Log, Sessions
from tests.sim.node import Advance, Node
from tests.sim.weather import Bus, Sky, Weather
from tests.support.judge import Logged, Verdict, judge
from unisono.domain import commands as c
from unisono.domain import delivery, devices, membership
from unisono.domain import facts as f
from unisono.domain.conversation import Scope
from unisono.domain.devices import PRESETS, Login, Loss, Policy, Slot
from unisono.domain.facts import Content
from unisono.domain.ids import (
    ConversationId,
    DeviceId,
    Instant,
    Platform,
    SendKey,
    SessionId,
    StreamKey,
    Tag,
    UserId,
    conversation_of,
)
from unisono.domain.quotas import Quotas

USERS = tuple(UserId(f"user-{n}") for n in range(4))
PLATFORMS = tuple(Platform(name) for name in ("web", "pc", "ios"))
POLICIES = (
    Policy(slots=(Slot(key=("platform",), capacity=2),)),
    Policy(slots=(Slot(key=("app",), capacity=3, counts="sessions", loser="newcomer"),)),
    Policy(slots=(Slot(key=("app",), capacity=4), Slot(key=("platform",), capacity=2, counts="sessions"))),
    PRESETS["turms"],
    PRESETS["leancloud"],
    PRESETS["qq"],
)
AdmitBy = Callable[[Policy, Sequence[Login], Login], tuple[Loss, ...]]
STORM = 6_000
CALM_AFTER = 4_000


class World:
    """A simulation of one seed. `advance`, `catch_up` and `admit` may be replaced by broken ones."""

    def __init__(
        self,
        seed: int,
        *,
        weather: Weather | None = None,
        advance: Advance = delivery.advance,
        catch_up: CatchesUp = delivery.catch_up,
        admit: AdmitBy = devices.admit,
        is_patient: bool = True,
    ) -> None:
        self.sky = Sky(seed, weather or Weather())
        self.policy = POLICIES[seed % len(POLICIES)]
        self.log = Log(self.sky)
        self._logins = Sessions(self.log, partial(admit, self.policy))
        bus = Bus(self.sky)
        self._nodes = [Node(f"node-{n}", self.sky, self.log, self._logins, bus=bus, advance=advance) for n in range(3)]
        self._arithmetic = Arithmetic(advance, catch_up, is_patient=is_patient)
        self.sessions: list[Session] = []
        self.rooms: list[ConversationId] = []
        self.above_limit: list[str] = []
        self._count = 0

    def run(self) -> Verdict:
        """Let the storm pass, let everybody find back, and judge."""
        self._prepare()
        self.sky.run(STORM, self._check_limits)
        self.sky.calm_down()
        self.sky.run(STORM + CALM_AFTER, self._check_limits)
        acks = [ack for session in self.sessions for ack in session.acks]
        return judge(self._final_log(), [session.log for session in self.sessions], acks)

    def _prepare(self) -> None:
        for number in range(3):
            room = ConversationId(f"room-{number}")
            command = c.CreateConversation(key=SendKey(room), members=USERS[1 : 2 + number])
            quotas = Quotas()
            decide = partial(membership.create, creator=USERS[0], command=command, new_id=room, limits=quotas)
            self.log.transact(Scope(), decide)
            self.rooms.append(room)
        for user in USERS:
            self._log_in(user)
        sky, weather = self.sky, self.sky.weather
        sky.now_and_then(20, self._speak)
        sky.now_and_then(100, lambda: self._log_in(sky.random.choice(USERS)))
        sky.now_and_then(weather.cut_every, lambda: self._any_session(Session.cut))
        sky.now_and_then(weather.client_restart_every, lambda: self._any_session(Session.restart))
        sky.now_and_then(weather.logout_every, lambda: self._any_session(lambda each: each.say(c.Logout(), "Logout")))
        sky.now_and_then(weather.expiry_every, self._expire)
        for node in self._nodes:
            sky.now_and_then(weather.node_restart_every, node.restart)
            sky.every(weather.sweep_every + sky.random.randrange(50), node.sweep)

    # --------------------------------------------------------------------------------------------- what happens

    def _log_in(self, user: UserId) -> None:
        self._count += 1
        random = self.sky.random
        device = random.randrange(8)
        login = Login(
            session=SessionId(f"{user}/{self._count}"),
            device=DeviceId(f"{user}-device-{device}"),
            platform=PLATFORMS[device % len(PLATFORMS)],
            opened_at=Instant(self.sky.now),
            tag=random.choice((None, Tag("Mobile"), Tag("Web"))),
        )
        session = Session(self.sky, self._nodes, user, login, self._arithmetic)
        self.sessions.append(session)
        session.connect()

    def _any_session(self, action: Callable[[Session], None]) -> None:
        living = [session for session in self.sessions if not session.is_over]
        if living:
            action(self.sky.random.choice(living))

    def _expire(self) -> None:
        if self._logins.held:
            self._logins.end(self.sky.random.choice(sorted(self._logins.held)), "expired")

    def _speak(self) -> None:
        self._any_session(lambda session: session.say(*self._anything()))

    def _anything(self) -> tuple[c.Command, str]:
        self._count += 1
        random = self.sky.random
        room = random.choice(self.rooms)
        lot = random.random()
        if lot < 0.85:
            key = SendKey(f"key-{self._count}")
            return c.SendMessage(room, key, Content(text=f"message {self._count}")), key
        if lot < 0.90:
            return c.MarkRead(room, self.log.head(StreamKey(f"c/{room}")).seq), "MarkRead"
        if lot < 0.97:
            return c.AddMembers(room, (random.choice(USERS),)), "AddMembers"
        return c.Quit(room), "Quit"

    # ------------------------------------------------------------------------------------------------ judgement

    def _check_limits(self) -> None:
        for user in sorted(self._logins.changed):
            for slot in self.policy.slots:
                fullest = max(holders(slot, self.policy, self._logins.of(user)).values(), default=0)
                if fullest > slot.capacity:
                    self.above_limit.append(f"{self.sky.now}: {user} has {fullest} of {slot.capacity}")
        self._logins.changed.clear()

    def _final_log(self) -> dict[str, list[Logged]]:
        return {stream: [_logged(placed) for placed in facts] for stream, facts in self.log.streams.items()}


def holders(slot: Slot, policy: Policy, logins: Sequence[Login]) -> Counter[tuple[str, ...]]:
    """Count the holders of each place of a slot; written apart from the code under test."""
    found: set[tuple[tuple[str, ...], str]] = set()
    for login in logins:
        group = next(iter(_groups(policy, login)), None)
        parts = {"app": "all", "platform": login.platform, "tag": login.tag, "device": login.device, "group": group}
        place = tuple(str(parts[key]) for key in slot.key if parts[key] is not None)
        if len(place) == len(slot.key):
            found.add((place, login.device if slot.counts == "devices" else login.session))
    return Counter(place for place, _ in found)


def _groups(policy: Policy, login: Login) -> Iterator[str]:
    return (name for name, platforms in policy.groups.items() if login.platform in platforms)


def _logged(placed: f.PlacedFact) -> Logged:
    fact = placed.fact
    is_talk = conversation_of(placed.stream) is not None
    return Logged(
        seq=placed.seq,
        content=content_of(fact),
        sender=fact.sender if isinstance(fact, f.MessagePlaced) else None,
        key=fact.key if isinstance(fact, f.MessagePlaced) else None,
        joins=_joins(fact) if is_talk else (),
        leaves=fact.users if isinstance(fact, f.MembersLeft) else (),
    )


def _joins(fact: f.Fact) -> tuple[UserId, ...]:
    if isinstance(fact, f.ConversationCreated):
        return fact.members
    return fact.users if isinstance(fact, f.MembersJoined) else ()
