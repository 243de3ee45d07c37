"""Unisono: a realtime messaging server in which one user has many live sessions.

A program that serves by itself has it as `unisono.Server`.
"""

from typing import TYPE_CHECKING

__version__ = "0.1.0"

if TYPE_CHECKING:
    from unisono.embedding import Asker, Content, Entering, Joining, NoAnswer, Refused, Request, Sending, Server

__all__ = ["Asker", "Content", "Entering", "Joining", "NoAnswer", "Refused", "Request", "Sending", "Server"]


def __getattr__(name: str) -> object:
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from unisono import embedding  # noqa: PLC0415  (the command line starts within a second, and needs none of it)

    found: object = getattr(embedding, name)
    return found
