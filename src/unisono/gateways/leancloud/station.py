"""An app as its LeanCloud clients reach it, and what they all share of what is told them."""

from collections.abc import Iterable, Mapping

from msgspec import Struct

from unisono.app.node import Node
from unisono.gateways.leancloud.apps import App
from unisono.gateways.leancloud.parcels import LeanCloudEncoder
from unisono.gateways.leancloud.telling import Telling


class Station(Struct, frozen=True):
    """One app on this node. The encoder is one for all its clients: facts are handed on once for all of them."""

    app: App
    telling: Telling
    encoder: LeanCloudEncoder

    @property
    def node(self) -> Node:
        """Give what serves it."""
        return self.app.node


Stations = Mapping[str, Station]
"""The apps of this server, by the id that clients say."""


def stations_of(apps: Iterable[App]) -> Stations:
    """Put together what the clients of each app need."""
    return {
        app.id: Station(app, Telling(app.node.parts.directory, app.node.parts.clock), LeanCloudEncoder())
        for app in apps
    }
