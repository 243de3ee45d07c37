"""Telling of what I did that is about no conversation."""

from unisono_sdk.arrangement import AllSilenced, AllUnsilenced
from unisono_sdk.contact_events import tell_of_contacts
from unisono_sdk.hub import Hub
from unisono_sdk.own_events import AllSilenceChanged


def tell_of_mine(hub: Hub, fact: object, at: int) -> None:
    """Tell of a fact, if it is about all my conversations, or contacts."""
    if isinstance(fact, AllSilenced | AllUnsilenced):
        silence = fact.silence if isinstance(fact, AllSilenced) else None
        hub.emit("all_silence", AllSilenceChanged(silence=silence, at=at))
    else:
        tell_of_contacts(hub, fact, at)
