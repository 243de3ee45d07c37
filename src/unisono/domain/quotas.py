"""Limits that an operator can change, each with its unit, default and the fault met beyond it."""

from typing import Annotated

import msgspec
from msgspec import Meta, Struct

from unisono.domain.errors import Invalid, LimitReached, TooLarge
from unisono.domain.facts import Content


class Quotas(Struct, frozen=True, forbid_unknown_fields=True):
    """Limits on what one user may put into an app."""

    members_per_conversation: Annotated[int, Meta(ge=2, le=100_000, description="Members of one conversation.")] = 500
    message_bytes: Annotated[int, Meta(ge=256, le=1_048_576, description="A message in its JSON form.")] = 65_536
    attributes_bytes: Annotated[
        int, Meta(ge=64, le=1_048_576, description="The attributes of a conversation in their JSON form.")
    ] = 16_384
    sessions_per_user: Annotated[
        int, Meta(ge=1, le=100_000, description="Sessions of one user that are not over, whatever the policy says.")
    ] = 1_000


def check_content(content: Content, quotas: Quotas) -> None:
    """Refuse a message that says nothing, has no type, or is larger than `message_bytes` in its JSON form.

    Raises:
        Invalid: Type 0, or nothing in it.
        TooLarge: Beyond the limit.
    """
    if content.type == 0:
        raise Invalid(field="content.type", value=0)
    if content.text is None and content.attributes is None and content.data is None:
        raise Invalid(field="content", reason="empty")
    # Four bytes a character is the most UTF-8 takes, six what JSON escapes take: most messages end the check here.
    if content.attributes is None and content.data is None and len(content.text or "") * 6 + 64 <= quotas.message_bytes:
        return
    size = len(msgspec.json.encode(content))
    if size > quotas.message_bytes:
        raise TooLarge(what="message", limit_bytes=quotas.message_bytes, bytes=size)


def check_attributes(attributes: dict[str, object] | None, quotas: Quotas) -> None:
    """Refuse conversation attributes larger than `attributes_bytes` in their JSON form.

    Raises:
        TooLarge: Beyond the limit.
    """
    if attributes is None:
        return
    size = len(msgspec.json.encode(attributes))
    if size > quotas.attributes_bytes:
        raise TooLarge(what="attributes", limit_bytes=quotas.attributes_bytes, bytes=size)


def check_member_count(count: int, quotas: Quotas) -> None:
    """Refuse more members than `members_per_conversation`.

    Raises:
        LimitReached: Beyond the limit; exactly the limit is fine.
    """
    if count > quotas.members_per_conversation:
        raise LimitReached(what="members", limit=quotas.members_per_conversation, asked=count)
