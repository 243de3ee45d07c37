"""Keeps the state of this program's clients in its store: soon after a change, at once where somebody relies on it."""

import asyncio
import logging
from collections.abc import Callable
from dataclasses import replace
from typing import Final

from unisono_sdk.errors import StateFault
from unisono_sdk.hub import Spawn
from unisono_sdk.options import Options
from unisono_sdk.state import SavedState, StateStore

log: Final = logging.getLogger("unisono_sdk")


class Keeper:
    """Loads once, saves one state after the other."""

    def __init__(
        self, store: StateStore, options: Options, *, spawn: Spawn, collect: Callable[[SavedState], SavedState]
    ) -> None:
        """Save by `store` what `collect` makes of the state so far."""
        self._store = store
        self._options = options
        self._spawn = spawn
        self._collect = collect
        self._state: SavedState | None = None
        self._turn = asyncio.Lock()
        self._is_dirty = False
        self._is_due = False
        self._is_ending = asyncio.Event()

    async def load(self) -> SavedState:
        """Give the state; a device id is in it.

        Raises:
            StateFault: It cannot be read.
        """
        async with self._turn:
            if self._state is None:
                state = await self._store.load()
                self._state = state if state.device else replace(state, device=self._options.new_id())
            elif self._is_dirty:
                # A client that was closed a moment ago is not asked for what it knows, otherwise.
                self._state = self._collect(self._state)
            return self._state

    def touch(self) -> None:
        """Note that something changed: it is saved within `Limits.save_s`."""
        self._is_dirty = True
        if not self._is_due and not self._is_ending.is_set():
            self._is_due = True
            self._spawn(self._save_soon())

    async def save(self) -> None:
        """Save now.

        Raises:
            StateFault: It cannot be written.
        """
        state = await self.load()
        async with self._turn:
            self._is_dirty = False
            self._state = self._collect(self._state or state)
            try:
                await self._store.save(self._state)
            except BaseException:
                self._is_dirty = True
                raise

    def stop(self) -> None:
        """Save no more by itself."""
        self._is_ending.set()

    async def save_last(self) -> None:
        """Save what was not saved yet.

        Raises:
            StateFault: It cannot be written.
        """
        if self._is_dirty:
            await self.save()

    async def _save_soon(self) -> None:
        try:
            async with self._options.clock.deadline(self._options.limits.save_s):
                await self._is_ending.wait()
        except TimeoutError:
            # What changes while it is being saved is to be saved next.
            self._is_due = False
            try:
                await self.save()
            except StateFault as fault:
                log.warning("event=state_not_saved reason=%r", str(fault))
