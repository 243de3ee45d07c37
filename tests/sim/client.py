"""A client of a simulation, written from docs/protocol/native.md: positions, a checkpoint, and no mercy with holes."""

from collections.abc import Callable, Sequence

from tests.sim.log import EPOCH
from tests.sim.node import Advance, Node
from tests.sim.weather import Link, Sky
from tests.support.judge import Acknowledged, Seen, SessionLog
from unisono.domain import commands as c
from unisono.domain.answers import Answer, Facts, Moved, Placed
from unisono.domain.delivery import CatchUp, Gap, Push, Stale, StartOver
from unisono.domain.devices import Login
from unisono.domain.errors import UnisonoError
from unisono.domain.facts import Fact, PlacedFact
from unisono.domain.ids import START, Checkpoint, Position, Seq, StreamKey, UserId

CatchesUp = Callable[[Position, Position], CatchUp | StartOver | None]
READ_PAGE = 4


class Arithmetic:
    """The decisions under test, as the client uses them; `is_patient` waits with its checkpoint for holes to close."""

    def __init__(self, advance: Advance, catch_up: CatchesUp, *, is_patient: bool = True) -> None:
        self.advance = advance
        self.catch_up = catch_up
        self.is_patient = is_patient


class Session:
    """One session: what it has seen, where it stands, and what it still wants to say."""

    def __init__(self, sky: Sky, nodes: Sequence[Node], user: UserId, login: Login, arithmetic: Arithmetic) -> None:
        self._sky, self._nodes, self._arithmetic = sky, nodes, arithmetic
        self.user, self.login = user, login
        self.log = SessionLog(str(login.session), user)
        self.acks: list[Acknowledged] = []
        self.is_over = False
        self._is_logged_in = False
        self._link: Link | None = None
        self._node: Node | None = None
        self._is_welcome = False
        self._unsaid: dict[str, c.Command] = {}
        self._positions: dict[StreamKey, Seq] = {}
        self._wanted: dict[StreamKey, Seq] = {}
        self._held: dict[StreamKey, list[PlacedFact]] = {}
        self._checkpoint = START
        self._reached = START
        self._is_syncing = False

    # ----------------------------------------------------------------------------------------------- connection

    def connect(self) -> None:
        """Log in, or resume, at any node."""
        if self.is_over or self._link is not None:
            return
        node = self._node = self._sky.random.choice(self._nodes)
        link = self._link = Link(self._sky)
        link.on_cut.append(lambda: self._lost(link))
        if self._is_logged_in:
            link.carry(0, lambda: node.resume(self.user, self.login.session, link, self))
        else:
            link.carry(0, lambda: node.log_in(self.user, self.login, link, self))

    def cut(self) -> None:
        """Lose the connection, if there is one."""
        if self._link is not None:
            self._link.cut()

    def restart(self) -> None:
        """Lose the connection and everything that was not kept: positions and checkpoint are, what waits is not."""
        self._sky.note(f"{self.login.session} restarts")
        self.cut()
        self._wanted.clear()
        self._held.clear()

    def _lost(self, link: Link) -> None:
        if self._link is link:
            self._link = None
            self._is_welcome = False
            self._sky.after(self._sky.delay(), self.connect)

    def refused(self, link: Link) -> None:
        """Take it that the session is over: nobody comes back by themselves."""
        if self._link is link:
            self._sky.note(f"{self.login.session} is over")
            self.is_over = True
            self.log.is_whole = False
            link.cut()

    def welcomed(self, link: Link, checkpoint: Checkpoint) -> None:
        """Ask what was missed, and say again what was not answered."""
        if self._link is not link:
            return
        del checkpoint
        self._is_logged_in = self._is_welcome = self._is_syncing = True
        self._wanted.clear()
        self._held.clear()
        self._reached = self._checkpoint
        self._ask(c.Sync(checkpoint=self._checkpoint))
        for command in list(self._unsaid.values()):
            self._ask(command)

    # ------------------------------------------------------------------------------------------------- speaking

    def say(self, command: c.Command, key: str) -> None:
        """Ask for something that is asked again until it is answered."""
        if not self.is_over:
            self._unsaid[key] = command
            if self._is_welcome:
                self._ask(command)

    def _ask(self, command: c.Command) -> None:
        node, link = self._node, self._link
        if node is not None and link is not None:
            link.carry(0, lambda: node.ask(self.user, self.login.session, link, self, command))

    def answered(self, link: Link, command: c.Command, answer: Answer | UnisonoError) -> None:
        """Take an answer."""
        if self._link is not link:
            return
        match command, answer:
            case c.SendMessage(key=key), _:
                self._unsaid.pop(key, None)
                if isinstance(answer, Placed):
                    self.acks.append(Acknowledged(self.user, answer.stream, key, answer.seq))
            case c.Sync(), Moved():
                self._take_heads(command, answer)
            case c.ReadStream(), Facts():
                self._take_page(answer)
            case c.ReadStream(stream=stream), UnisonoError():
                self._wanted.pop(stream, None)
                self._settle()
            case _, _:
                self._unsaid.pop(type(command).__name__, None)

    # ------------------------------------------------------------------------------------------------ following

    def _take_heads(self, command: c.Sync, moved: Moved) -> None:
        if command.after is None:
            self._reached = max(self._reached, moved.checkpoint)
        for head in moved.heads:
            held = Position(EPOCH, self._positions.get(head.stream, Seq(0)))
            match self._arithmetic.catch_up(held, Position(head.epoch, head.seq)):
                case CatchUp(until=until):
                    self._want(head.stream, until)
                case StartOver(first=first, until=until):
                    self._positions[head.stream] = Seq(first - 1)
                    self._want(head.stream, until)
                case None:
                    pass
        if moved.next is not None:
            self._ask(c.Sync(checkpoint=command.checkpoint, after=moved.next))
        else:
            self._is_syncing = False
            self._settle()

    def delivered(self, link: Link, facts: Sequence[PlacedFact], checkpoint: Checkpoint) -> None:
        """Take what follows on, drop what was there, and hold what comes too early."""
        if self._link is not link:
            return
        stream, last = facts[0].stream, facts[-1].seq
        match self._arithmetic.advance(self._positions.get(stream, Seq(0)), facts[0].seq, last):
            case Push(first):
                self._take([(stream, fact.seq, fact.fact) for fact in facts if fact.seq >= first])
            case Gap(until=until):
                self._held.setdefault(stream, []).extend(facts)
                self._want(stream, until)
            case Stale():
                pass
        self._reached = max(self._reached, checkpoint)
        self._settle()

    def _want(self, stream: StreamKey, until: Seq) -> None:
        is_asking = stream in self._wanted
        self._wanted[stream] = max(self._wanted.get(stream, Seq(0)), until)
        if not is_asking:
            self._read(stream)

    def _read(self, stream: StreamKey) -> None:
        self._ask(c.ReadStream(stream, self._positions.get(stream, Seq(0)), READ_PAGE))

    def _take_page(self, page: Facts) -> None:
        if page.stream not in self._wanted:
            return
        at = self._positions.get(page.stream, Seq(0))
        self._take([(page.stream, fact.seq, fact.fact) for fact in page.facts if fact.seq > at])
        at = self._positions.get(page.stream, Seq(0))
        if page.facts and at < self._wanted[page.stream]:
            self._read(page.stream)
            return
        del self._wanted[page.stream]
        self._take([(placed.stream, placed.seq, placed.fact) for placed in self._following(page.stream)])
        self._settle()

    def _following(self, stream: StreamKey) -> list[PlacedFact]:
        """Give what was held and can be taken now that the hole before it is closed."""
        at = self._positions.get(stream, Seq(0))
        run: list[PlacedFact] = []
        for placed in sorted(self._held.pop(stream, []), key=lambda each: each.seq):
            if placed.seq == at + 1 + len(run):
                run.append(placed)
        return run

    def _take(self, facts: Sequence[tuple[StreamKey, Seq, Fact]]) -> None:
        for stream, seq, fact in facts:
            self.log.seen.append(Seen(stream, seq, content_of(fact)))
            self._positions[stream] = seq
            self._sky.note(f"{self.login.session} sees {stream} {seq}")

    def _settle(self) -> None:
        """Move the checkpoint, when nothing before it is missing."""
        if not self._arithmetic.is_patient or not (self._is_syncing or self._wanted):
            self._checkpoint = self._reached


def content_of(fact: Fact) -> str:
    """Give a fact's text in one canonical form."""
    return repr(fact)
