"""One app on this node: its use cases put together, its beginning and its end."""

import asyncio

from unisono.app.announcing import Announcing, Enrolling
from unisono.app.asking import Asking
from unisono.app.audience import Attached, Audience
from unisono.app.calls import Calling
from unisono.app.claims import Claiming
from unisono.app.contact_policy import ContactPolicy
from unisono.app.departures import Departures
from unisono.app.erasing import Erasing
from unisono.app.execute import Executor
from unisono.app.expiring import Expiring
from unisono.app.fanout import Fanout
from unisono.app.filing import Filing
from unisono.app.governing import Governing
from unisono.app.greeting import Greeting
from unisono.app.hooks import Hooks
from unisono.app.housekeeping import Housekeeping
from unisono.app.importing import Importing
from unisono.app.lease import Lease
from unisono.app.options import AppOptions
from unisono.app.own_sessions import OwnSessions
from unisono.app.parts import Parts
from unisono.app.presence import Watching
from unisono.app.pushing import Pushing
from unisono.app.reading import Reading
from unisono.app.ringing import ringing_of
from unisono.app.rooms import Rooms
from unisono.app.searching import Indexing
from unisono.app.signals import Signals
from unisono.app.sweeping import Sweeping
from unisono.app.telling import Telling
from unisono.app.thread_departures import ThreadDepartures
from unisono.app.trees import Trees
from unisono.app.trimming import Trimming
from unisono.app.wills import Wills
from unisono.domain.events import Eviction, Passing, Replied, Signal, Stir
from unisono.domain.ids import SessionId
from unisono.domain.session import Phase
from unisono.ports.link import Link


class Node:
    """What the doors talk to."""

    def __init__(self, parts: Parts, options: AppOptions, *, name: str, server: str) -> None:
        self.parts = parts
        self.options = options
        self.audience = Audience()
        self.fanout = Fanout(parts.log, parts.directory, self.audience, parts.telemetry)
        self.lease = Lease(
            parts.sessions,
            self.audience,
            parts.telemetry,
            begin_anew=self.fanout.start,
            name=name,
            ttl_s=options.lease_ttl_s,
        )
        self._departures = Departures(parts.sessions, parts.telemetry, self.lease, self.audience)
        self.rooms = Rooms(parts, self.audience, kept_s=options.seats_kept_s)
        self.hooks = Hooks(parts)
        self.greeting = Greeting(
            parts,
            options,
            self.audience,
            self.fanout,
            departures=self._departures,
            rooms=self.rooms,
            lease=self.lease,
            hooks=self.hooks,
            server=server,
        )
        self.own_sessions = OwnSessions(parts, self.audience)
        self.asking = Asking(parts, self.own_sessions, options.asks, options.asks_at_once)
        self.announcing, self.trees = Announcing(parts, options.quotas), Trees(self.own_sessions)
        self.sweeping = Sweeping(parts.log, self.fanout, parts.clock)
        self.watching = Watching(parts, options.presence, self.audience)
        self.contact_policy = ContactPolicy(options.writing)
        self.governing = Governing(parts, options, self.contact_policy)
        self.wills = Wills(parts, options.quotas, self.rooms, self.contact_policy)
        self.pushing = None if parts.push is None else Pushing(parts, options.push, parts.push, self.lease)
        self.filing = Filing(parts, options.quotas, options.files)
        self.indexing = Indexing(parts, self.lease)
        self.claiming, self.thread_departures = Claiming(parts), ThreadDepartures(parts)
        self.calling = Calling(parts, options.calls, self._take, self.own_sessions, self.contact_policy)
        self.ringing = ringing_of(parts, options.push, self.pushing, self.own_sessions)
        self.signals = Signals(
            parts.directory, parts.telemetry, audience=self.audience, fanout=self.fanout, rooms=self.rooms
        )
        self.telling = Telling(parts, options.quotas, self.own_sessions, audience=self.audience, signals=self.signals)
        self.executor = self._executor()
        self.erasing = Erasing(parts, self.own_sessions, self.executor, self.filing, calling=self.calling)
        self.importing = Importing(parts, options.quotas)
        self._housekeeping = self._hire()
        parts.bus.subscribe(self.fanout.hint, self._take)

    def _hire(self) -> Housekeeping:
        parts = self.parts
        chores = {
            "sweep": self.sweeping.sweep,
            "departures": self._departures.settle,
            "presence": self.watching.sweep,
            "wills": self.wills.sweep,
            "seats": self.rooms.settle,
            "kept events": self.telling.sweep,
            "calls": self.calling.sweep,
            "expired": Expiring(parts).sweep,
            "threads": self.thread_departures.sweep,
            "erasing": self.erasing.sweep,
            "policy": self.governing.sweep,
            "search": self.indexing.sweep,
            "files": self.filing.sweep,
            "trim": Trimming(parts, self.options.retention, self.filing).sweep,
            "enrolling": Enrolling(parts, self.audience, self.announcing).sweep,
        }
        if self.pushing is not None:
            chores["pushing"] = self.pushing.sweep
            if self.pushing.withdrawing is not None:
                chores["withdrawing"] = self.pushing.withdrawing.sweep
        if self.ringing is not None:
            chores["ringing"] = self.ringing.sweep
        return Housekeeping(
            parts, self.options, self.audience, self.own_sessions, lease=self.lease, at_every_sweep=chores
        )

    def _executor(self) -> Executor:
        return Executor(
            self.parts,
            self.options,
            fanout=self.fanout,
            own_sessions=self.own_sessions,
            reading=Reading(self.parts, finds_open=self.options.finds_open),
            watching=self.watching,
            rooms=self.rooms,
            wills=self.wills,
            filing=self.filing,
            claiming=self.claiming,
            telling=self.telling,
            asking=self.asking,
            hooks=self.hooks,
            calling=self.calling,
            contact_policy=self.contact_policy,
            thread_departures=self.thread_departures,
        )

    async def start(self) -> None:
        """Take the node's lease and find the end of the log. Call before the first connection."""
        await self.lease.take()
        await self.fanout.start()
        await self.governing.sweep()
        if self.pushing is not None:
            await self.pushing.start()
        self.parts.telemetry.event("node_started", node=self.lease.node)

    @property
    def has_lease(self) -> bool:
        """Say if other nodes count our sessions as live."""
        return self.lease.is_held

    @property
    def has_namesake(self) -> bool:
        """Say if another node has our name: then this one serves nobody."""
        return self.lease.is_taken

    async def run(self) -> None:
        """Do what goes on beside the connections, until cancelled."""
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self.fanout.run())
            tasks.create_task(self.signals.run())
            tasks.create_task(self.hooks.run())
            tasks.create_task(self.thread_departures.run())
            tasks.create_task(self.watching.run())
            tasks.create_task(self._housekeeping.run())

    async def leave(self, session: SessionId, link: Link, phase: Phase) -> None:
        """Note that a session's link is gone, and detach a session that lives on. A later link of it is left alone."""
        self.watching.forget(link)
        attached: Attached | None = self.audience.remove(session, link)
        if attached is not None:
            self.fanout.part(attached.user)
            self.rooms.forget(session)
        if attached is not None and phase is Phase.DETACHED:
            await self._departures.note(session, attached.fence)
            self.watching.stir(attached.user)

    def _take(self, passing: Passing) -> None:
        match passing:
            case Stir():
                self.watching.take(passing)
                self.trees.take(passing)
            case Eviction():
                self.rooms.put_out(passing)
            case Replied():
                self.asking.inquiries.take(passing)
            case Signal():
                self.asking.inquiries.note(passing)
                self.trees.take(passing)
                self.signals.take(passing)
