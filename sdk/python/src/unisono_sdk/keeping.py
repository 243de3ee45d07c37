"""What the server keeps for all my sessions."""

from unisono_sdk.contacts import Contacts
from unisono_sdk.counter import Counter
from unisono_sdk.objects import Objects


class Keeping:
    """The side of a `Client` that is about small values and contacts."""

    _counter: Counter

    @property
    def objects(self) -> Objects:
        """Small values that all my sessions share."""
        return Objects(self._counter)

    @property
    def contacts(self) -> Contacts:
        """What other users are to me: contacts, invitations, and whom I block."""
        return Contacts(self._counter)
