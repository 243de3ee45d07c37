"""What a conversation is, who belongs to it, and who may do what."""

from collections.abc import AsyncIterator, Mapping
from typing import Self, cast

from unisono_sdk.answers import ConversationView, Done, Member, Members, Membership
from unisono_sdk.attributes import changed
from unisono_sdk.commands import AddMembers, GetConversation, Join, Quit, RemoveMembers
from unisono_sdk.desk import Desk, ask
from unisono_sdk.drafting import Drafting
from unisono_sdk.facts import DEFAULT_RULES, ConversationChanged, ConversationCreated, Json, Rules
from unisono_sdk.member_commands import Dissolve, GetMembers, Restrict, SetLevel, SetMember, UpdateConversation
from unisono_sdk.thread_facts import Parent
from unisono_sdk.threads import CreateThread, listed_threads


class Belonging(Drafting):
    """The side of a `Conversation` that is about its properties and its members.

    All that stands here is what the client knows: complete after `refresh`, `create` and `direct`, and kept in step by
    facts. `members` has the founders first, then who joined, in that order. `role` is mine (`owner`, `manager`,
    `member`), None where I am no member or where it is not known; `joining` is `open` where whoever knows the id may
    join, else `invited`; `expires_at` is when it will end, None for one that will not; `keeps_history` is of a room
    whose `history` stays. A thread has a `parent`: the group and the message that it is under. Times are milliseconds
    since 1970-01-01 UTC.
    """

    def __init__(self, desk: Desk, conversation: str) -> None:
        """Know nothing yet but the id."""
        super().__init__(desk, conversation)
        self.of: str | None = None
        self.name: str | None = None
        self.creator: str | None = None
        self.created_at: int | None = None
        self.updated_at: int | None = None
        self.attributes: Mapping[str, Json] = {}
        self.members: tuple[str, ...] = ()
        self.role: str | None = None
        self.joining: str = "invited"
        self.rules = DEFAULT_RULES
        self.expires_at: int | None = None
        self.keeps_history = False
        self.parent: Parent | None = None

    async def refresh(self) -> Self:
        """Ask the server for all that is known of it.

        Raises:
            NotFound: There is none that I am a member of, or that is open.
        """
        return self.know(await ask(self._desk, GetConversation(conversation=self.id), ConversationView))

    # ------------------------------------------------------------ what it is

    async def update(
        self,
        *,
        name: str | None = None,
        set: Mapping[str, Json] | None = None,  # noqa: A002  (as the protocol says it)
        unset: tuple[str, ...] = (),
        amend: Mapping[str, Mapping[str, Json]] | None = None,
        joining: str | None = None,
        rules: Rules | None = None,
    ) -> Self:
        """Change what it is, for everybody; what is left out stays.

        `set` puts values into the attributes and `unset` takes some out, by paths such as `attr.place.city`, up to 100
        of each; members who change different paths at the same time both have their way. `amend` makes a new value of
        the one that is at a path, so that members who change the same path both have their way, too:
        `{"do": "increase", "by": 1}`, `{"do": "append", "values": ["a"]}`, with `"once": True` what is not there yet,
        or `{"do": "take_out", "values": ["a"]}`. An empty name takes the name away.
        `joining` and `rules` are the owner's to change.

        Raises:
            Forbidden: The rules ask for a higher role.
            TooLarge, Unacceptable: More attributes than there may be, or no such path can be.
        """
        command = UpdateConversation(
            conversation=self.id,
            name=name,
            set=set,
            unset=tuple(unset),
            amend=amend,
            joining=joining,
            rules=rules,
            key=self._desk.new_key(),
        )
        return self.know(await ask(self._desk, command, ConversationView), has_members=False)

    async def set_name(self, name: str) -> Self:
        """Give it another name (up to 256 characters) for all members; an empty one takes it away."""
        return await self.update(name=name)

    # ------------------------------------------------------------ who belongs to it

    async def add(self, *users: str) -> Self:
        """Make users members (up to 1,000 at once). Those who are members stay so.

        Raises:
            Forbidden: The rules ask for a higher role, or one of the users is blocked.
            LimitReached: More members than it may have.
        """
        return self._take(await ask(self._desk, AddMembers(conversation=self.id, users=users), Membership))

    async def remove(self, *users: str) -> Self:
        """Make members leave. Those who are none are passed over.

        Raises:
            Forbidden: The rules ask for a higher role, or one of the users is not below me.
        """
        return self._take(await ask(self._desk, RemoveMembers(conversation=self.id, users=users), Membership))

    async def join(self) -> Self:
        """Become a member of a conversation that is open; of the operator's (`service`), subscribe to it.

        Raises:
            NotFound: It is not, or there is none.
            Forbidden: I am blocked.
        """
        return self._take(await ask(self._desk, Join(conversation=self.id), Membership))

    async def quit(self) -> Self:
        """Cease to be a member. An owner is followed by the longest-standing manager, or else member."""
        return self._take(await ask(self._desk, Quit(conversation=self.id), Membership))

    async def dissolve(self) -> None:
        """End it for all its members; what was said stays readable to them.

        Raises:
            Forbidden: I am not its owner; of a thread, that I neither began it nor manage or own the group.
        """
        await ask(self._desk, Dissolve(conversation=self.id), Done)

    async def count(self) -> int:
        """Give the number of members on the server."""
        view = await ask(self._desk, GetConversation(conversation=self.id), ConversationView)
        self.know(view)
        return view.count

    async def roll(self, who: str = "members", *, page: int = 100) -> AsyncIterator[Member]:
        """Go through members by user id, with roles and attributes, `page` (1 to 1,000) at a time.

        `who`: `members`, those of them who `muted` it, or users who are `blocked` or `silenced`.

        Raises:
            Forbidden: Who is restricted is shown to who may restrict.
        """
        after: str | None = None
        while True:
            command = GetMembers(conversation=self.id, who=who, after=after, limit=page)
            answer = await ask(self._desk, command, Members)
            for member in answer.members:
                yield member
            if answer.next is None:
                return
            after = answer.next

    # ------------------------------------------------------------ threads under its messages

    @property
    def is_thread(self) -> bool:
        """Say if it is under a message of a group, as far as this client knows."""
        return self.parent is not None

    async def create_thread(self, message: int, name: str | None = None) -> Self:
        """Begin the thread under a message of this group, by its seq, or join the one that is there.

        There is one at most: of two who begin it at the same time both get the same. A name has up to 256 characters.

        Raises:
            NotFound: I am not in the group, or no such message is there, or no longer.
            Forbidden: It is no group, I am silenced in it, or the thread is over: none begins there again.
            LimitReached: The group has as many threads as it may, or the thread as many members.
        """
        command = CreateThread(conversation=self.id, message=message, name=name)
        view = await ask(self._desk, command, ConversationView)
        thread = self._beside(view.conversation).know(view)
        return await thread.join() if view.role is None else thread

    async def threads(self, *, page: int = 100) -> AsyncIterator[Self]:
        """Go through the threads of this group that are not over, the oldest first, `page` (1 to 1,000) at a time.

        Those that I am in say so by my `role`; any may be joined. Member lists are not loaded.

        Raises:
            NotFound: I am not in the group.
        """
        async for view in listed_threads(self._desk, self.id, page):
            yield self._beside(view.conversation).know(view, has_members=False)

    def _beside(self, conversation: str) -> Self:
        """Give another conversation of this client."""
        return cast("Self", self._desk.known(conversation))

    # ------------------------------------------------------------ who may do what

    async def set_member(
        self, user: str, *, role: str | None = None, attributes: Mapping[str, Json] | None = None
    ) -> None:
        """Give a member another role, or other attributes (a nickname, say) in place of those they have.

        The owner gives the roles `manager` and `member`; making another the `owner` hands over, and leaves me a
        manager. Attributes are set by the member, or by a manager or owner above them.

        Raises:
            NotFound: The user is no member.
            Forbidden: Not mine to change.
        """
        await ask(self._desk, SetMember(conversation=self.id, user=user, role=role, attributes=attributes), Done)

    async def block(self, *users: str, for_s: int | None = None) -> None:
        """Make users leave and keep them out, for some seconds or for ever; also users who are no members.

        Raises:
            Forbidden: The rules ask for a higher role, or one of the users is not below me.
        """
        await self._restrict(users, "blocked", on=True, for_s=for_s)

    async def unblock(self, *users: str) -> None:
        """Let blocked users be members again; they are none by that."""
        await self._restrict(users, "blocked", on=False)

    async def silence(self, *users: str, for_s: int | None = None) -> None:
        """Let users say nothing, for some seconds or for ever: they may neither send, edit, react nor type.

        Raises:
            Forbidden: The rules ask for a higher role, or one of the users is not below me.
        """
        await self._restrict(users, "silenced", on=True, for_s=for_s)

    async def unsilence(self, *users: str) -> None:
        """Let silenced users speak again."""
        await self._restrict(users, "silenced", on=False)

    async def _restrict(self, users: tuple[str, ...], what: str, *, on: bool, for_s: int | None = None) -> None:
        await ask(self._desk, Restrict(conversation=self.id, users=users, what=what, on=on, for_s=for_s), Done)

    # ------------------------------------------------------------ what I want to be alerted of

    async def set_level(self, level: str) -> None:
        """Be alerted of `all` messages, of those that mention me (`mentions`) or of `none`, on all my sessions.

        Messages come as before: this is for push notifications and for what a program shows.
        """
        await ask(self._desk, SetLevel(conversation=self.id, level=level), Done)
        self.level = level

    async def mute(self) -> None:
        """Be alerted of nothing; I stay a member."""
        await self.set_level("none")

    async def unmute(self) -> None:
        """Be alerted of all messages again."""
        await self.set_level("all")

    async def muted(self) -> tuple[str, ...]:
        """Give the members who muted it."""
        return tuple([member.user async for member in self.roll("muted")])

    # ------------------------------------------------------------ what the client learns

    def know(self, view: ConversationView, *, has_members: bool = True) -> Self:
        """Take over what the server says."""
        self.know_arrangement(view)
        self.of, self.name, self.creator = view.of, view.name, view.creator
        self.created_at, self.updated_at = view.created_at, view.updated_at
        self.attributes = dict(view.attributes or {})
        self.role, self.joining, self.rules = view.role, view.joining, view.rules
        self.expires_at, self.keeps_history, self.parent = view.expires_at, view.keeps_history, view.parent
        if has_members:
            self.members = view.members
        return self

    def began(self, fact: ConversationCreated) -> None:
        """Take over how it began."""
        self.of, self.name, self.creator = fact.of, fact.name, fact.by
        self.attributes = dict(fact.attributes or {})
        self.members = self.members or fact.members
        self.joining, self.rules, self.expires_at = fact.joining, fact.rules, fact.expires_at
        self.keeps_history, self.parent = fact.keeps_history, fact.parent
        if fact.by == self._desk.user and fact.of != "service":
            self.role = "member" if fact.of in {"direct", "thread"} else "owner"

    def begun_under(self, parent: Parent | None) -> Self:
        """Take over what it is under, if it is a thread."""
        self.parent = parent or self.parent
        return self

    def renewed(self, fact: ConversationChanged, at: int) -> None:
        """Take over how it changed."""
        if fact.name is not None:
            self.name = fact.name or None
        self.attributes = changed(self.attributes, fact.set, fact.unset)
        self.joining, self.rules = fact.joining or self.joining, fact.rules or self.rules
        self.updated_at = at

    def ended(self) -> None:
        """Take over that it is over."""
        self.forget_arrangement()
        self.members, self.role, self.joining, self.expires_at = (), None, "invited", None

    def _take(self, membership: Membership) -> Self:
        self.members = membership.members
        return self
