"""The apps that LeanCloud's clients name, by the id that LeanCloud gave them."""

from collections.abc import Iterable, Iterator
from typing import Final

from msgspec import Struct

from unisono.app.node import Node
from unisono.gateways.leancloud.refused import Refused
from unisono.gateways.leancloud.signatures import Signatures
from unisono.leancloud_settings import LeanCloudApp
from unisono.wire.leancloud.codes import ERRORS

_UNKNOWN: Final = ERRORS[4100]


class App(Struct, frozen=True):
    """One app as its clients know it, and what carries out what they ask."""

    settings: LeanCloudApp
    node: Node
    signatures: Signatures

    @property
    def id(self) -> str:
        """Give what its clients call it."""
        return self.settings.id


class Apps:
    """All apps of this server that LeanCloud's clients may name."""

    def __init__(self, apps: Iterable[App]) -> None:
        self._by_id: Final = {app.id: app for app in apps}

    def __len__(self) -> int:
        """Give how many there are."""
        return len(self._by_id)

    def __iter__(self) -> Iterator[App]:
        """Give all of them."""
        return iter(self._by_id.values())

    def get(self, app_id: str) -> App:
        """Give the app that a client names.

        Raises:
            Refused: 4100. There is none.
        """
        app = self._by_id.get(app_id)
        if app is None:
            raise Refused(_UNKNOWN, "no app of this server has this id")
        return app


def opened_app(settings: LeanCloudApp, node: Node) -> App:
    """Put an app together with the node that serves it."""
    return App(settings, node, Signatures(settings, node.parts))
