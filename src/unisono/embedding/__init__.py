"""Unisono within a program of one's own: `unisono.Server`. The guide is docs/guide/embedding.md."""

from unisono.domain.errors import NoAnswer, Refused
from unisono.domain.facts import Content
from unisono.embedding.server import Server
from unisono.identity.function import Request
from unisono.ports.program import Asker, Entering, Joining, Sending

__all__ = ["Asker", "Content", "Entering", "Joining", "NoAnswer", "Refused", "Request", "Sending", "Server"]
