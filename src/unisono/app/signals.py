"""Events to the links of this node: best effort, the unimportant first to be dropped, nothing kept."""

import asyncio
from collections.abc import Collection, Iterable
from typing import Final

from unisono.app.audience import Audience
from unisono.app.fanout import Fanout
from unisono.app.rooms import Rooms
from unisono.domain.errors import UnisonoError
from unisono.domain.events import Signal
from unisono.domain.ids import INTEGER_MAX, Checkpoint, UserId
from unisono.domain.told import Told
from unisono.ports.directory import Directory
from unisono.ports.link import Encoder, Link, Parcel
from unisono.ports.telemetry import Telemetry

HELD_LIMIT: Final = 100
"""What is told to a session while it is given what waited for it; what is beyond that does not wait for its turn."""
WAITING_LIMIT: Final = 1000
"""Signals that wait until it is known who sees their stream; beyond it, new ones are dropped."""
NOW: Final = Checkpoint(INTEGER_MAX)


class Signals:
    """Delivers the signals of one app to the links of this node."""

    def __init__(
        self, directory: Directory, telemetry: Telemetry, *, audience: Audience, fanout: Fanout, rooms: Rooms
    ) -> None:
        self._directory = directory
        self._rooms = rooms
        self._audience = audience
        self._fanout = fanout
        self._telemetry = telemetry
        self._waiting: asyncio.Queue[Signal] = asyncio.Queue(WAITING_LIMIT)
        self._held: dict[Link, list[tuple[Told, Signal]]] = {}

    def take(self, signal: Signal) -> None:
        """Take a signal from the bus; it is delivered at once where it is known who sees its stream."""
        if signal.in_room is not None:
            self._push_in_room(signal, self._rooms.links_in(signal.in_room))
            return
        if signal.sessions is not None:
            found = map(self._audience.find, signal.sessions)
            links = [attached.link for attached in found if attached is not None]
            self._push_to(signal, [link for link in links if not self._holds_back(signal, link)])
            return
        members = self._fanout.members_of(signal.stream)
        if members is not None:
            self._push(signal, members)
            return
        try:
            self._waiting.put_nowait(signal)
        except asyncio.QueueFull:
            self._telemetry.count("events_dropped", label="unknown audience")

    def hold(self, link: Link) -> None:
        """Hold back what is told to the session on a link, until `release`: what waited for it comes first."""
        self._held[link] = []

    def release(self, link: Link, brought: Iterable[Told] = ()) -> None:
        """Give a link what was held back, but for what it was `brought` with what waited."""
        held = self._held.pop(link, ())
        known = {(told.id, told.teller) for told in brought} if held else ()
        for told, signal in held:
            if (told.id, told.teller) not in known:
                self._push_to(signal, (link,))

    def _holds_back(self, signal: Signal, link: Link) -> bool:
        held, event = self._held.get(link), signal.event
        if held is None or not isinstance(event, Told) or len(held) >= HELD_LIMIT:
            return False
        held.append((event, signal))
        return True

    async def run(self) -> None:
        """Look up who sees the streams that are not followed here, until cancelled."""
        while True:
            signal = await self._waiting.get()
            try:
                found = await self._directory.audience(signal.stream, NOW)
            except UnisonoError as fault:
                self._telemetry.fault("signal_failed", code=fault.code)
            else:
                self._push(signal, found.members)

    def _push(self, signal: Signal, members: Collection[UserId]) -> None:
        """Give an event to all links of users who are here."""
        links_of = self._audience.links_of
        self._push_to(signal, (link for user in members if user != signal.not_to for link in links_of(user)))

    def _push_in_room(self, signal: Signal, links: Collection[Link]) -> None:
        """Give an event to all links that are in a room, each once, with however many tabs."""
        if signal.not_to is None:
            self._push_to(signal, links)
            return
        own = self._audience.links_of(signal.not_to)
        self._push_to(signal, [link for link in links if link not in own])

    def _push_to(self, signal: Signal, links: Iterable[Link]) -> None:
        """Give an event to links, written once per encoder."""
        parcels: dict[Encoder, Parcel] = {}
        event, priority = signal.event, signal.priority
        delivered = dropped = 0
        for link in links:
            encoder = link.encoder
            if (parcel := parcels.get(encoder)) is None:
                parcel = parcels[encoder] = encoder.event(event)
            if link.push_transient_nowait(parcel, priority):
                delivered += 1
            else:
                dropped += 1
        self._telemetry.count("events_delivered", delivered)
        if dropped:
            self._telemetry.count("events_dropped", dropped, label="congested")
