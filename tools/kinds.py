"""docs/protocol/kinds.md: the server's own table of kinds, and which operations make sense for each."""

from typing import Final, get_args

from unisono.domain.commands import COMMANDS
from unisono.domain.facts import ConversationKind
from unisono.domain.kinds import KINDS, Kind
from unisono.domain.permission import RULES, Rule

BEFORE: Final = """# Kinds of conversation

What applies to each kind. Both tables are made from the server's own (`unisono.domain`: `kinds`, `permission`).
[native.md](native.md) says how each is created, [permissions.md](permissions.md) who may do what.

"""
AFTER: Final = """
- **members**: `fixed`: two, for ever. `changing`: up to 500, settable. `unlisted`: any number, and no list of them.
  `subscribed`: any number, each known to themselves alone.
- **unique**: whether there is one conversation of a kind and exactly these members, which `create` gives back:
  `always`, unless who creates it makes another `choice`, where they `asked` for it, or `never`: asked for as unique, it
  is refused with `invalid`. One that is over counts no more.
- **joining**: whether who knows the id may look it up and join: never (`invited`), always (`open`), or by `choice`;
  it is `invited` then unless told otherwise. In a room, nobody joins a list.
- **has owner**: its creator owns it, and it has [roles and rules](permissions.md#roles-and-rules).
- **history**: whether what is said is kept: `always`, or by `choice` of who creates it. What a room keeps can be read
  by whoever may see the room, and recalled by who said it; it is in no unread count, and no search finds it.
- **writers**: who says something in it, and creates it: its `members`, or the `operator` alone.
- **expires**: it ends by itself, a day after it began unless `create` says otherwise, 30 days at most.

Many people who come and go, as in a stream's chat, want a room: a group remembers each of them, and tells all others.

## What the operator says

A `service` conversation is created over [REST](rest.md#announcements), and announcements come from there
alone. Users subscribe with `join` and `quit`; they have its history, unread counts and what was said while they were
away as in a group, and no receipts. Nobody learns who else subscribes: only their own stream says `entered`, and from
which seq on they see it: from the entry that was the last when they came. What is said while they quit may still come.

One whose `audience` is `all` is for every user. The server subscribes each as soon as they are here: users whom it knew
before the conversation began from its beginning, others from when they come. Who quits is not subscribed again.

The operator ends it as well: `ended` is the last fact of its stream, and from then on nothing is said there and nobody
subscribes. Subscribers leave some at a time, each told by `exited` in their own stream.

## What can be done

Operations that some kinds are without, where members get `forbidden`; all others are for each of them.

"""
END: Final = """
## How a conversation ends

A temporary conversation ends when its time is up, and its owner may `dissolve` it before, as that of a group may. The
fact `ended` is the last in its stream; each member's own stream has `exited`, without `by`. From that moment on all
are [former members](permissions.md#standings): nobody can say anything or come in again, what was said stays readable
to who was there, and nothing of it counts as unread. A time that is up holds at once; the facts follow with the
server's next round, a second later when it is not busy.
"""


def page() -> str:
    """Give the page."""
    return BEFORE + _kinds() + AFTER + _operations() + END


def _kinds() -> str:
    header = ["kind", *(name.replace("_", " ") for name in Kind.__struct_fields__)]
    rows = [
        [f"`{of}`", *(_shown(getattr(kind, name)) for name in Kind.__struct_fields__)] for of, kind in KINDS.items()
    ]
    return _table(header, rows)


def _operations() -> str:
    kinds = get_args(ConversationKind)
    rows = []
    for command in COMMANDS:
        rule = RULES[command]
        has = [_has(rule, KINDS[of]) for of in kinds]
        if any(one != "yes" for one in has):
            rows.append([f"`{command.__struct_config__.tag}`", *has])
    return _table(["operation", *kinds], rows)


def _has(rule: Rule, kind: Kind) -> str:
    if kind.members in rule.lists and (kind.has_owner or not rule.takes_owner):
        return "yes"
    return "if kept" if rule.if_kept and kind.history == "choice" else "no"


def _table(header: list[str], rows: list[list[str]]) -> str:
    return "".join(f"| {' | '.join(row)} |\n" for row in [header, *rows]).replace(
        " |\n", " |\n|" + "---|" * len(header) + "\n", 1
    )


def _shown(value: object) -> str:
    return {True: "yes", False: "no"}[value] if isinstance(value, bool) else str(value)
