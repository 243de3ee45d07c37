"""Places in rooms, as tabs have them."""

from typing import Final

from msgspec import Struct

from unisono.domain.ids import ConversationId, TabId

OWN_TAB: Final = TabId("")
"""The slot of a session whose tabs are not told apart."""


class Seat(Struct, frozen=True, omit_defaults=True):
    """A place in a room that a tab of a session has, or the session as a whole."""

    room: ConversationId
    tab: TabId = OWN_TAB
