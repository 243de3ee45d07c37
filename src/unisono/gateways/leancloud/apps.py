"""The apps that LeanCloud's clients name, by the id that LeanCloud gave them."""

from msgspec import Struct


class App(Struct, frozen=True):
    """One app as its clients know it. `id` is what they call it."""

    id: str
