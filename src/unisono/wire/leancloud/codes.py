"""What goes wrong, in the numbers and names of LeanCloud.

Clients compare the name: it stands in `reason` exactly as here. Only final ones end a client's wish to come back when
they close a connection; after any other close code it reconnects.
"""

from collections.abc import Mapping
from typing import Final

from msgspec import Struct

from unisono.domain.errors import UnisonoError


class LeanCloudError(Struct, frozen=True):
    """An error of the protocol. `is_final`: as the code of a close it keeps the client from coming back."""

    code: int
    name: str
    is_final: bool = False


ERRORS: Final[Mapping[int, LeanCloudError]] = {
    error.code: error
    for error in (
        LeanCloudError(4100, "APP_NOT_AVAILABLE", is_final=True),
        LeanCloudError(4101, "DUPLICATED_LOGIN"),
        LeanCloudError(4102, "SIGNATURE_FAILED"),
        LeanCloudError(4103, "INVALID_LOGIN", is_final=True),
        LeanCloudError(4105, "SESSION_REQUIRED"),
        LeanCloudError(4106, "BLACKLISTED"),
        LeanCloudError(4107, "READ_TIMEOUT"),
        LeanCloudError(4108, "LOGIN_TIMEOUT"),
        LeanCloudError(4109, "FRAME_TOO_LONG"),
        LeanCloudError(4110, "INVALID_ORIGIN", is_final=True),
        LeanCloudError(4111, "SESSION_CONFLICT"),
        LeanCloudError(4112, "SESSION_TOKEN_EXPIRED"),
        LeanCloudError(4113, "APP_QUOTA_EXCEEDED"),
        LeanCloudError(4114, "UNPARSEABLE_RAW_MESSAGE"),
        LeanCloudError(4115, "KICKED_BY_APP"),
        LeanCloudError(4116, "MESSAGE_SENT_QUOTA_EXCEEDED"),
        LeanCloudError(4117, "UNBIND_INSTALLATION_FAILED"),
        LeanCloudError(4200, "INTERNAL_ERROR"),
        LeanCloudError(4201, "SEND_MESSAGE_TIMEOUT"),
        LeanCloudError(4300, "CONVERSATION_INTERNAL_ERROR"),
        LeanCloudError(4301, "CONVERSATION_API_FAILED"),
        LeanCloudError(4302, "CONVERSATION_SIGNATURE_FAILED"),
        LeanCloudError(4303, "CONVERSATION_NOT_FOUND"),
        LeanCloudError(4304, "CONVERSATION_FULL"),
        LeanCloudError(4305, "CONVERSATION_REJECTED_BY_APP"),
        LeanCloudError(4306, "CONVERSATION_UPDATE_FAILED"),
        LeanCloudError(4307, "CONVERSATION_READ_ONLY"),
        LeanCloudError(4308, "CONVERSATION_NOT_ALLOWED"),
        LeanCloudError(4309, "CONVERSATION_UPDATE_REJECTED"),
        LeanCloudError(4310, "CONVERSATION_QUERY_FAILED"),
        LeanCloudError(4311, "CONVERSATION_LOG_FAILED"),
        LeanCloudError(4312, "CONVERSATION_LOG_REJECTED"),
        LeanCloudError(4313, "SYSTEM_CONVERSATION_REQUIRED"),
        LeanCloudError(4314, "NORMAL_CONVERSATION_REQUIRED"),
        LeanCloudError(4315, "CONVERSATION_TEMPORARY_BLACKLISTED"),
        LeanCloudError(4316, "TRANSIENT_CONVERSATION_REQUIRED"),
        LeanCloudError(4317, "CONVERSATION_MEMBERSHIP_REQUIRED"),
        LeanCloudError(4318, "CONVERSATION_API_QUOTA_EXCEEDED"),
        LeanCloudError(4320, "CONVERSATION_OPERATION_UNAUTHORIZED"),
        LeanCloudError(4321, "UNKNOWN_CONVERSATION_ROLE"),
        LeanCloudError(4322, "CONVERSATION_MEMBER_IN_ROLE_FULL"),
        LeanCloudError(4323, "TEMPORARY_CONVERSATION_EXPIRED"),
        LeanCloudError(4324, "CONVERSATION_NEED_OWNER"),
        LeanCloudError(4325, "CONVERSATION_MEMBER_INFO_FEATURE_DISABLED"),
        LeanCloudError(4401, "INVALID_MESSAGING_TARGET"),
        LeanCloudError(4402, "MESSAGE_REJECTED_BY_APP"),
        LeanCloudError(4403, "MESSAGE_OWNERSHIP_REQUIRED"),
        LeanCloudError(4404, "MESSAGE_NOT_FOUND"),
        LeanCloudError(4405, "MESSAGE_UPDATE_REJECTED_BY_APP"),
        LeanCloudError(4406, "MESSAGE_EDIT_DISABLED"),
        LeanCloudError(4407, "MESSAGE_RECALL_DISABLED"),
        LeanCloudError(4408, "MESSAGE_MODIFIED_BY_CENSORSHIP"),
        LeanCloudError(4543, "BLACKLIST_FULL"),
        LeanCloudError(4544, "BLACKLIST_FEATURE_DISABLED"),
        LeanCloudError(4546, "BLACKLIST_SIGNATURE_FAILED"),
        LeanCloudError(4548, "BLOCKED_BY_CONV"),
        LeanCloudError(4561, "SILIENCED_MEMBER_LIST_FULL"),
        LeanCloudError(4563, "SILIENCED"),
        LeanCloudError(5130, "OWNER_PROMOTION_NOT_ALLOWED"),
    )
}

UNPARSEABLE: Final = 4114
FRAME_TOO_LONG: Final = 4109
INTERNAL: Final = 4200

FAULTS: Final[Mapping[str, int]] = {
    "unavailable": INTERNAL,
    "overloaded": INTERNAL,
    "storage_full": INTERNAL,
    "draining": INTERNAL,
    "slow_consumer": INTERNAL,
    "handler_failed": INTERNAL,
    "internal": INTERNAL,
    "malformed": UNPARSEABLE,
    "too_large": FRAME_TOO_LONG,
    "unsupported": INTERNAL,
    "invalid": 4301,
    "timeout": 4107,
    "connection_unknown": INTERNAL,
    "not_greeted": 4105,
    "already_greeted": INTERNAL,
    "no_user": 4105,
    "token_missing": 4102,
    "token_invalid": 4102,
    "token_expired": 4112,
    "token_revoked": 4102,
    "grant_missing": 4302,
    "grant_invalid": 4302,
    "grant_expired": 4302,
    "grant_used": 4302,
    "session_unknown": 4112,
    "session_closed": 4115,
    "displaced": 4111,
    "replaced": 4105,
    "device_refused": 4111,
    "not_found": 4303,
    "forbidden": 4320,
    "refused": 4320,
    "no_handler": INTERNAL,
    "no_answer": INTERNAL,
    "origin_refused": 4110,
    "rate_limited": 4116,
    "limit_reached": 4318,
    "key_reused": INTERNAL,
    "conflict": INTERNAL,
}
"""What answers a fault where an operation has no number of its own for it, such as 4401 for a message to nowhere."""


def error_of(fault: UnisonoError) -> LeanCloudError:
    """Give what a fault is called by LeanCloud."""
    return ERRORS[FAULTS[fault.code]]
