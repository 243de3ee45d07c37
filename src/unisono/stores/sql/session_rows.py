"""Sessions as rows, and rows as sessions."""

from typing import Final

import msgspec

from unisono.domain.facts import Label
from unisono.domain.ids import Fence, Instant, NodeId, Platform
from unisono.domain.presence import Sighting
from unisono.domain.session_view import TabView
from unisono.ports.sessions import EndedSession, Ending, SessionRecord
from unisono.stores.sql.compiled import Row

_encode: Final = msgspec.json.Encoder().encode
_decode_tabs: Final = msgspec.json.Decoder(tuple[TabView, ...]).decode
_decode_label: Final = msgspec.json.Decoder(Label).decode


class SessionEntry(msgspec.Struct, frozen=True):
    """A session as it stands: its record, and its ending when it is over."""

    record: SessionRecord
    ending: Ending | None = None

    @property
    def ended(self) -> EndedSession | None:
        """Give what its client is told, when it is over."""
        return None if self.ending is None else EndedSession(self.record, self.ending)


def read_session(row: Row, now: Instant) -> SessionEntry:
    """Read a row of `sessions` with the end of its node's lease beside it."""
    (session, user, device, platform, label, info, opened_at, seen_at, resume_hash, fence, tag, node, *rest) = row
    detached_at, credential, expires_at, address, issued_at, _, reason, newcomer, tabs, lease_until = rest
    node, detached_at = _held_by(node, detached_at, seen_at, lease_until, now)
    record = SessionRecord(
        session=session,
        user=user,
        device=device,
        shown=Label(platform, label, info),
        opened_at=opened_at,
        seen_at=seen_at,
        resume_hash=bytes(resume_hash),
        fence=Fence(fence),
        tag=tag,
        node=None if node is None else NodeId(node),
        detached_at=detached_at,
        credential=credential,
        credential_expires_at=expires_at,
        address=address,
        issued_at=issued_at,
        tabs=() if tabs is None else _decode_tabs(tabs),
    )
    if reason is None:
        return SessionEntry(record)
    return SessionEntry(record, Ending(session, reason, None if newcomer is None else _decode_label(newcomer)))


def _held_by(
    node: int | None, detached_at: Instant | None, seen_at: Instant, lease_until: Instant | None, now: Instant
) -> tuple[int | None, Instant | None]:
    """Give the node that carries a session and when it was lost: a node whose lease is over carries nothing."""
    if node is not None and (lease_until is None or lease_until <= now):
        return None, seen_at if lease_until is None else lease_until
    return node, detached_at


def read_sighting(row: Row, now: Instant) -> Sighting:
    """Read the presence of a session that is not over."""
    _, platform, node, detached_at, seen_at, lease_until = row
    _, lost_at = _held_by(node, detached_at, seen_at, lease_until, now)
    return Sighting(Platform(platform), lost_at)


def session_row(record: SessionRecord) -> Row:
    """Give the row of a session that is not over."""
    shown = record.shown
    return (
        record.session,
        record.user,
        record.device,
        shown.platform,
        shown.label,
        shown.info,
        record.opened_at,
        record.seen_at,
        record.resume_hash,
        record.fence,
        record.tag,
        record.node,
        record.detached_at,
        record.credential,
        record.credential_expires_at,
        record.address,
        record.issued_at,
        None,
        None,
        None,
        tabs_text(record.tabs),
    )


def tabs_text(tabs: tuple[TabView, ...]) -> str | None:
    """Write tabs."""
    return _encode(tabs).decode() if tabs else None


def label_text(label: Label | None) -> str | None:
    """Write a label."""
    return None if label is None else _encode(label).decode()
