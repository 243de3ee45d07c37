"""The side of a client that calls."""

from collections.abc import Sequence
from typing import Literal

from unisono_sdk.call import Call
from unisono_sdk.call_book import CallBook
from unisono_sdk.call_frames import RING_S, CallAnswer, GetTurn, IceServer, StartCall, TurnServers
from unisono_sdk.claiming import Claiming
from unisono_sdk.conversation import Conversation
from unisono_sdk.desk import ask
from unisono_sdk.facts import Json


class Calling(Claiming):
    """The side of a `Client` that calls."""

    _book: CallBook

    async def call(
        self,
        *users: str,
        conversation: Conversation | str | None = None,
        media: Literal["audio", "video"] = "audio",
        data: Json = None,
        ring_s: int = RING_S,
    ) -> Call:
        """Call users, or the other members of a conversation (up to 32): it rings on all their devices.

        This session is in the call from now on. `data`, up to 16 KiB, comes along with the ring, which lasts `ring_s`
        (1 to 120) seconds.

        Raises:
            Unacceptable: Nobody is named, or `data` is too large.
            NotFound: I am no member of the conversation.
            Forbidden: I may say nothing there, its members do not know each other, or one I name does not hear from me.
            LimitReached: More than 32 people, I am in 16 calls, or rang one of them too often.
        """
        name = conversation.id if isinstance(conversation, Conversation) else conversation
        key = self._counter.new_key()
        command = StartCall(key=key, users=users, conversation=name, media=media, data=data, ring_s=ring_s)
        return self._book.take((await ask(self._counter, command, CallAnswer)).call)

    async def calls(self) -> Sequence[Call]:
        """Ask for the calls that ring or run for me, on whatever device, the oldest first."""
        return await self._book.ask()

    async def turn_servers(self) -> Sequence[IceServer]:
        """Ask for the STUN and TURN servers that the operator has set, with names and passwords for a while.

        A WebRTC library takes them as its ICE servers. None where the operator has set none.
        """
        return (await ask(self._counter, GetTurn(), TurnServers)).servers

    @property
    def when_busy(self) -> Literal["ring", "busy"]:
        """What to do with a call while this session is in another: `ring`, or say that I am `busy`."""
        return self._book.when_busy

    @when_busy.setter
    def when_busy(self, policy: Literal["ring", "busy"]) -> None:
        self._book.when_busy = policy
