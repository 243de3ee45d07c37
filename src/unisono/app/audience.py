"""Who is here: the live links of this node, by user and by session."""

from collections.abc import Iterator, Sequence

from msgspec import Struct

from unisono.domain.ids import DeviceId, Fence, SessionId, UserId
from unisono.ports.link import Link

NOBODY: Sequence[Link] = ()


class Attached(Struct, frozen=True):
    """A session on its link."""

    user: UserId
    session: SessionId
    device: DeviceId
    fence: Fence
    link: Link


class Audience:
    """The node's live links. A session has one at most: the one with the highest fence."""

    def __init__(self) -> None:
        self.version = 0
        """Another number whenever a link came or went."""
        self._sessions: dict[SessionId, Attached] = {}
        self._links: dict[UserId, list[Link]] = {}

    def __len__(self) -> int:
        return len(self._sessions)

    def count_users(self) -> int:
        """Give how many users are here."""
        return len(self._links)

    def users(self) -> list[UserId]:
        """Give the users who are here."""
        return list(self._links)

    def __iter__(self) -> Iterator[Attached]:
        return iter(tuple(self._sessions.values()))

    def add(self, attached: Attached) -> Attached | None:
        """Put a session on its link and give the earlier one that lost it, if there was one.

        When an earlier one has a higher fence it stays, and the newcomer itself is given back as the one that lost.
        """
        earlier = self._sessions.get(attached.session)
        if earlier is not None:
            if earlier.fence > attached.fence:
                return attached
            self._forget(earlier)
        self.version += 1
        self._sessions[attached.session] = attached
        self._links.setdefault(attached.user, []).append(attached.link)
        return earlier

    def remove(self, session: SessionId, link: Link) -> Attached | None:
        """Take a session off its link, unless another link carries it by now; give what was taken off."""
        attached = self._sessions.get(session)
        if attached is None or attached.link is not link:
            return None
        self._forget(attached)
        return attached

    def find(self, session: SessionId) -> Attached | None:
        """Give a session that is live here."""
        return self._sessions.get(session)

    def links_of(self, user: UserId) -> Sequence[Link]:
        """Give the live links of a user. Do not keep it: it changes."""
        return self._links.get(user, NOBODY)

    def _forget(self, attached: Attached) -> None:
        self.version += 1
        del self._sessions[attached.session]
        links = self._links[attached.user]
        links.remove(attached.link)
        if not links:
            del self._links[attached.user]
