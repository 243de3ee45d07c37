"""Small values that all my sessions share."""

from unisono_sdk.answers import Placed
from unisono_sdk.desk import Desk, ask
from unisono_sdk.errors import ProtocolFault
from unisono_sdk.facts import Json
from unisono_sdk.kept import DropObject, Kept, ListObjects, ObjectView, SetObject


class Objects:
    """What I keep on the server, under names; `object` events tell of what my other sessions change.

    A value is anything that JSON can carry, up to 64 KiB, a name 1 to 128 characters without control characters. All
    together have 1 MiB (both settable by the operator).
    """

    def __init__(self, desk: Desk) -> None:
        """Ask by `desk`. Programs do not call this: they have `Client.objects`."""
        self._desk = desk

    async def set(self, name: str, value: Json, *, expect: int | None = None) -> int:
        """Keep a value under a name; give its revision. With `expect` only if that is its revision now, 0 for none.

        Raises:
            Conflict: It has another revision.
            Unacceptable: Not a value or name as described.
            LimitReached: There is no room for it.
        """
        key = self._desk.new_key()
        return (await ask(self._desk, SetObject(name=name, value=value, key=key, expect=expect), Placed)).seq

    async def drop(self, name: str, *, expect: int | None = None) -> None:
        """Keep nothing under a name any more. Nothing there is no error, unless `expect` says otherwise.

        Raises:
            Conflict: It has another revision than is expected.
        """
        command = DropObject(name=name, key=self._desk.new_key(), expect=expect)
        answer = await self._desk.request(command)
        if answer.kind not in {"placed", "done"}:
            raise ProtocolFault(f"{command.op} was answered with {answer.kind}")

    async def get(self, name: str) -> ObjectView | None:
        """Ask what I keep under a name; None for nothing."""
        found = (await ask(self._desk, ListObjects(only=name), Kept)).objects
        return found[0] if found else None

    async def list(self) -> list[ObjectView]:
        """Ask for all I keep, by name."""
        page = await ask(self._desk, ListObjects(), Kept)
        found = list(page.objects)
        while page.next is not None:
            page = await ask(self._desk, ListObjects(after=page.next), Kept)
            found += page.objects
        return found
