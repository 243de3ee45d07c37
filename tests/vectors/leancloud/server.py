"""What servers send."""

from typing import Final

from tests.vectors.leancloud.fields import CID, MID, PATCH, Field, answer, conv, pushed

FAILED: Final[list[Field]] = [("code", 1, 4304), ("reason", 2, "CONVERSATION_FULL"), ("pids", 5, ("cy",))]
SERVER: Final[dict[str, list[Field]]] = {
    "session opened": answer(0, 1, ("sessionMessage", 102, [("st", 10, "token"), ("stTtl", 11, 172_800)]), op=5),
    "session query_result": answer(0, 17, ("sessionMessage", 102, [("onlineSessionPeerIds", 9, ("bob",))]), op=8),
    "session refreshed": answer(0, 4, ("sessionMessage", 102, [("st", 10, "new"), ("stTtl", 11, 172_800)]), op=13),
    "session closed": answer(0, 18, op=6),
    "session closed by a conflict": pushed(
        0, ("sessionMessage", 102, [("code", 12, 4111), ("reason", 13, "SESSION_CONFLICT")]), op=6
    ),
    "error": answer(
        7,
        3,
        (
            "errorMessage",
            103,
            [
                ("code", 1, 4303),
                ("reason", 2, "CONVERSATION_NOT_FOUND"),
                ("appCode", 3, 7),
                ("detail", 4, "d"),
                ("appMsg", 6, "m"),
            ],
        ),
    ),
    "conv started": answer(
        1,
        2,
        conv(
            ("cid", 4, CID), ("cdate", 5, "2025-11-21T12:00:00.123Z"), ("uniqueId", 19, "u"), ("tempConvTTL", 28, 3600)
        ),
        op=31,
    ),
    "conv joined": pushed(1, ("notificationType", 11, 1), conv(("cid", 4, CID), ("initBy", 6, "ann")), op=32),
    "conv members_joined": pushed(
        1,
        conv(
            ("m", 1, ("ann", "bob")), ("cid", 4, CID), ("initBy", 6, "ann"), ("udate", 12, "2025-11-21T12:00:00.123Z")
        ),
        op=33,
    ),
    "conv added": answer(
        1, 12, conv(("cid", 4, CID), ("allowedPids", 30, ("dee",)), ("failedPids", 31, (FAILED,))), op=10
    ),
    "conv results": answer(1, 7, conv(("results", 100, [("data", 1, "[]")])), op=42),
    "conv result": answer(1, 10, conv(("cid", 4, CID), ("count", 11, 0)), op=44),
    "conv updated": pushed(
        1, conv(("cid", 4, CID), ("attr", 103, [("data", 1, "{}")]), ("attrModified", 104, [("data", 1, "{}")])), op=46
    ),
    "conv max_read": answer(
        1,
        11,
        conv(
            ("maxReadTimestamp", 21, 5),
            ("maxAckTimestamp", 22, 6),
            ("maxReadTuples", 24, ([("pid", 1, "bob"), ("maxAckTimestamp", 2, 6), ("maxReadTimestamp", 3, 5)],)),
        ),
        op=51,
    ),
    "direct": pushed(
        2,
        (
            "directMessage",
            104,
            [
                ("msg", 1, "plain"),
                ("fromPeerId", 3, "bob"),
                ("timestamp", 4, 1_763_726_400_123),
                ("offline", 5, True),
                ("cid", 11, CID),
                ("id", 12, MID),
                ("patchTimestamp", 18, 9),
                ("convType", 22, 1),
            ],
        ),
    ),
    "ack": answer(3, 3, ("ackMessage", 105, [("cid", 4, CID), ("t", 5, 1_763_726_400_123), ("uid", 6, MID)])),
    "ack of a failure": answer(
        3, 3, ("ackMessage", 105, [("code", 1, 4401), ("reason", 2, "INVALID_MESSAGING_TARGET")])
    ),
    "rcp": pushed(
        4, ("rcpMessage", 108, [("id", 1, MID), ("cid", 2, CID), ("t", 3, 5), ("read", 4, True), ("sender", 5, "bob")])
    ),
    "unread": pushed(
        5,
        (
            "unreadMessage",
            106,
            [
                (
                    "convs",
                    1,
                    (
                        [
                            ("cid", 1, CID),
                            ("unread", 2, 0),
                            ("mid", 3, MID),
                            ("timestamp", 4, 5),
                            ("sender", 5, "bob"),
                            ("data", 6, "x"),
                            ("mentioned", 8, True),
                            ("convType", 10, 1),
                        ],
                    ),
                ),
                ("notifTime", 2, 7),
            ],
        ),
    ),
    "logs": answer(
        6,
        8,
        (
            "logsMessage",
            109,
            [
                (
                    "logs",
                    105,
                    (
                        [
                            ("sender", 1, "bob"),
                            ("data", 2, "AP8="),
                            ("timestamp", 3, 5),
                            ("msgId", 4, MID),
                            ("ackAt", 5, 6),
                            ("readAt", 6, 7),
                            ("patchTimestamp", 7, 8),
                            ("mentionAll", 8, True),
                            ("mentionPids", 9, ("ann",)),
                            ("bin", 10, True),
                            ("convType", 11, 1),
                        ],
                    ),
                )
            ],
        ),
    ),
    "patch modify": pushed(
        18,
        (
            "patchMessage",
            114,
            [
                (
                    "patches",
                    1,
                    (
                        [
                            *PATCH[:5],
                            ("patchTimestamp", 6, 9),
                            ("sender", 7, "bob"),
                            ("patchCode", 11, -4408),
                            ("patchReason", 12, "r"),
                        ],
                    ),
                ),
                ("lastPatchTime", 2, 9),
            ],
        ),
        op=150,
    ),
    "blacklist query_result": answer(
        20, 15, ("blacklistMessage", 116, [("next", 6, "x"), ("blockedPids", 8, ("bob",))]), op=8
    ),
    "goaway": [("cmd", 1, 21)],
    "live query loggedin": [("cmd", 1, 15), ("i", 5, 1), ("installationId", 6, "sub"), ("service", 8, 1)],
    "live query loggedout": [("cmd", 1, 17), ("i", 5, 2), ("installationId", 6, "sub"), ("service", 8, 1)],
    "live query data": [
        ("cmd", 1, 9),
        ("installationId", 6, "sub"),
        ("service", 8, 1),
        ("dataMessage", 101, [("ids", 1, ("1",)), ("msg", 2, ([("data", 1, "{}")],)), ("offline", 3, False)]),
    ],
    "echo": answer(14, 16),
}
