"""My contacts, and whom I block."""

from collections.abc import Sequence

from unisono_sdk.answers import Done
from unisono_sdk.commands import Command
from unisono_sdk.contact_commands import (
    AcceptContact,
    BlockUsers,
    ContactPage,
    ContactView,
    DeclineContact,
    GetWriting,
    InviteContact,
    ListContacts,
    RemarkContact,
    RemoveContact,
    SetWriting,
    UnblockUsers,
    WritingRule,
)
from unisono_sdk.desk import Desk, ask


class Contacts:
    """What other users are to me, on all my sessions; the server keeps it.

    Whatever changes is told to all my sessions, and where it is about both to the other user's, too: by the events
    `contact_invited`, `contact_agreed`, `contact_declined`, `contact_removed`, `remark_set`, `users_blocked`,
    `users_unblocked` and `writing_set`. Their `by` says who did it: me, on whichever session, or the other.
    """

    def __init__(self, desk: Desk) -> None:
        """Ask by `desk`. Programs do not call this: they have `Client.contacts`."""
        self._desk = desk

    async def invite(self, user: str, message: str | None = None) -> None:
        """Ask a user to be my contact, and say something with it (up to 256 characters).

        Who has asked me is my contact by it. Asking again changes nothing.

        Raises:
            Forbidden: I block them.
            LimitReached: Too many open invitations, of mine or at the other; or contacts.
            Unacceptable: That is me, or the message is too long.
        """
        await self._do(InviteContact(user=user, message=message))

    async def accept(self, user: str) -> None:
        """Be a contact of who asked me. A contact already is no error.

        Raises:
            NotFound: They have not asked me, or asked and withdrew it.
            LimitReached: One of us has too many contacts.
        """
        await self._do(AcceptContact(user=user))

    async def decline(self, user: str) -> None:
        """Be no contact of who asked me; they are told. Nothing to decline is no error.

        Raises:
            Conflict: They are a contact by now.
        """
        await self._do(DeclineContact(user=user))

    async def remove(self, user: str) -> None:
        """Be no contact of a user any more, or withdraw my invitation; they are told. Neither there is no error."""
        await self._do(RemoveContact(user=user))

    async def remark(self, user: str, remark: str | None) -> None:
        """Note something about a contact (up to 128 characters), for my sessions alone; None or empty for nothing.

        Raises:
            NotFound: No contact of mine.
        """
        await self._do(RemarkContact(user=user, remark=remark))

    async def block(self, *users: str) -> None:
        """Hear nothing from users any more (up to 100 at once). They are not told, and stay contacts, if they are.

        They can neither write to me, invite me nor take me into a group; open invitations of theirs are gone.

        Raises:
            LimitReached: I block too many.
            Unacceptable: I am among them.
        """
        await self._do(BlockUsers(users=users))

    async def unblock(self, *users: str) -> None:
        """Hear from users again (up to 100 at once)."""
        await self._do(UnblockUsers(users=users))

    async def set_writing(self, writing: str) -> None:
        """Say who may write to me: `anyone` whom the app lets, or my `contacts` alone, on all my sessions.

        Others then say nothing to me in a direct conversation, neither begin one nor call me by name, and do not take
        me into a group; they can still ask to be a contact. In groups where both of us are all goes on.

        Raises:
            Unacceptable: There is no such rule.
        """
        await self._do(SetWriting(writing=writing))

    async def writing(self) -> str:
        """Ask whom I let write to me: `anyone`, or my `contacts`."""
        return (await ask(self._desk, GetWriting(), WritingRule)).writing

    async def get(self, user: str) -> ContactView | None:
        """Ask what a user is to me; None for nothing at all."""
        found = (await ask(self._desk, ListContacts(only=user), ContactPage)).contacts
        return found[0] if found else None

    async def list(self) -> Sequence[ContactView]:
        """Ask for all my contacts, by user id."""
        return await self._listed("contacts")

    async def requests(self) -> Sequence[ContactView]:
        """Ask who has asked me and waits for an answer, by user id."""
        return await self._listed("received")

    async def sent(self) -> Sequence[ContactView]:
        """Ask whom I have asked and who has not answered, by user id."""
        return await self._listed("sent")

    async def blocked(self) -> Sequence[ContactView]:
        """Ask whom I block, by user id."""
        return await self._listed("blocked")

    async def _do(self, command: Command) -> None:
        await ask(self._desk, command, Done)

    async def _listed(self, which: str) -> Sequence[ContactView]:
        page = await ask(self._desk, ListContacts(which=which), ContactPage)
        found = [*page.contacts]
        while page.next is not None:
            page = await ask(self._desk, ListContacts(which=which, after=page.next), ContactPage)
            found += page.contacts
        return found
