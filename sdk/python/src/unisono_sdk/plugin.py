"""Plugins: what a package adds to the SDK, by name."""

import inspect
import logging
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any, Final, Literal, cast

from unisono_sdk.bodies import Bodies, Body
from unisono_sdk.facts import Content, Json, MessagePlaced
from unisono_sdk.structure import read, write

log: Final = logging.getLogger("unisono_sdk")

Decorate = Callable[[Any], object]
"""A function of the new object: a `Unisono`, a `Client` or a `Conversation`."""
Plain = Mapping[str, Json]
BeforeParse = Callable[[Plain], Plain | Awaitable[Plain]]
AfterParse = Callable[[Body], Body | Awaitable[Body]]


@dataclass(frozen=True, kw_only=True)
class Plugin:
    """What a package adds; publish one under a name that begins with `unisono-plugin-`.

    `bodies` are registered. `on_unisono`, `on_client` and `on_conversation` get each new object and may add or change
    methods. `before_parse` gets the content of each message that comes as plain JSON and gives the one to read;
    `after_parse` gets the body that was read and gives the one to tell. These two are plain or async functions, run in
    the order of the plugins, each fed by the one before, and apply to history and transient messages as well; what this
    very client sent is as it was made, and passes them by. Where there are such hooks, all that comes takes turns
    behind them, so that the order stays. What fails is logged with the plugin's name, and left out.
    """

    name: str
    bodies: Sequence[type[Body]] = ()
    on_unisono: Decorate | None = None
    on_client: Decorate | None = None
    on_conversation: Decorate | None = None
    before_parse: BeforeParse | None = None
    after_parse: AfterParse | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ParsedMessage(MessagePlaced):
    """A message that went through hooks, with what they made of it."""

    body: Body


class Plugins:
    """The plugins of one `Unisono`, and the bodies it knows."""

    def __init__(self, plugins: Sequence[Plugin] = ()) -> None:
        self._plugins = tuple(plugins)
        self.bodies: Final = Bodies()
        self.has_hooks: Final = any(plugin.before_parse or plugin.after_parse for plugin in self._plugins)
        """Whether messages have to go through hooks."""
        for plugin in self._plugins:
            self.bodies.register(*plugin.bodies)

    def decorate(self, point: Literal["on_unisono", "on_client", "on_conversation"], made: object) -> None:
        """Let plugins add to a new object, or change it."""
        for plugin in self._plugins:
            hook: Decorate | None = getattr(plugin, point)
            if hook is not None:
                try:
                    hook(made)
                except Exception:  # a plugin's defect costs its own change
                    log.exception("event=plugin_failed plugin=%s hook=%s", plugin.name, point)

    def body(self, said: MessagePlaced) -> Body:
        """Give what a message says as one of the known classes."""
        return said.body if isinstance(said, ParsedMessage) else self.bodies.parse(said.content)

    async def parse(self, said: MessagePlaced) -> MessagePlaced:
        """Let a message go through all hooks."""
        if not self.has_hooks:
            return said
        content = await self._before(said.content)
        body = self.bodies.parse(content)
        for plugin in self._plugins:
            if plugin.after_parse is not None:
                body = await _after(plugin, plugin.after_parse, body)
        values = {each.name: getattr(said, each.name) for each in fields(MessagePlaced)}
        return ParsedMessage(**{**values, "content": content}, body=body)

    async def _before(self, content: Content) -> Content:
        plain: Plain = {"type": content.type, **cast("Plain", write(content))}
        for plugin in self._plugins:
            if plugin.before_parse is not None:
                plain = await _before(plugin, plugin.before_parse, plain)
        return read(Content, plain)


async def _before(plugin: Plugin, hook: BeforeParse, plain: Plain) -> Plain:
    try:
        changed = hook(dict(plain))
        if inspect.isawaitable(changed):
            changed = await changed
        read(Content, changed)
    except Exception:  # a plugin's defect costs its own change
        log.exception("event=plugin_failed plugin=%s hook=before_parse", plugin.name)
        return plain
    return changed


async def _after(plugin: Plugin, hook: AfterParse, body: Body) -> Body:
    try:
        changed = hook(body)
        if inspect.isawaitable(changed):
            changed = await changed
        _check(changed)
    except Exception:  # a plugin's defect costs its own change
        log.exception("event=plugin_failed plugin=%s hook=after_parse", plugin.name)
        return body
    return changed


def _check(changed: object) -> None:
    if not isinstance(changed, Body):
        raise TypeError(f"after_parse has to give a body, not {type(changed).__name__}")
