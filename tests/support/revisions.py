"""What edits and recalls make of the words of messages: the log is rewritten by them, and everybody comes to the same.

Who was there got the first words and then the change; who comes later gets what is left. A change that was changed
again has no words left in the log either.
"""

import json
from collections.abc import Iterable, Sequence
from typing import Any, Protocol

WORDS = ("content", "mentions", "mention_all", "revision", "revised_at", "is_recalled", "reply_to", "push")


class Told(Protocol):
    """A fact as the log has it or a session was given it."""

    @property
    def seq(self) -> int: ...
    @property
    def content(self) -> str: ...


class Changing(Told, Protocol):
    """A fact of which is known what it changes."""

    @property
    def changes(self) -> int | None: ...


def rewritten_in(facts: Sequence[Changing]) -> frozenset[int]:
    """Give the seqs of a stream whose words may be others than they once were: changed messages, and their changes."""
    changed = {fact.changes for fact in facts if fact.changes is not None}
    return frozenset({fact.seq for fact in facts if fact.changes is not None} | changed)


def final_words(facts: Iterable[Told]) -> dict[int, str | None]:
    """Give what each message says in the end, None for one that was recalled, to one who is told these facts."""
    words: dict[int, str | None] = {}
    for told in facts:
        fact = _fact(told)
        match fact.get("kind"):
            case "message":
                words[told.seq] = None if fact.get("is_recalled") else _words(fact)
            case "revised" if fact["content"].get("text") is not None and words.get(fact["message"]) is not None:
                words[fact["message"]] = _words(fact)
            case "recalled":
                words[fact["message"]] = None
            case _:
                pass
    return words


def without_words(facts: Iterable[Told]) -> list[tuple[int, str]]:
    """Give all of facts that no edit or recall rewrites."""
    return [(told.seq, _rest(told)) for told in facts]


def _rest(told: Told) -> str:
    fact = _fact(told)
    if fact.get("kind") not in {"message", "revised"}:
        return told.content
    return json.dumps({name: value for name, value in fact.items() if name not in WORDS}, sort_keys=True)


def _words(fact: dict[str, Any]) -> str:
    return json.dumps(
        [fact["content"], sorted(fact.get("mentions", ())), fact.get("mention_all", False)], sort_keys=True
    )


def _fact(told: Told) -> dict[str, Any]:
    try:
        _, fact = json.loads(told.content)
    except ValueError:
        return {}
    return dict(fact)
