"""What clients send."""

from typing import Final

from tests.vectors.leancloud.fields import CID, MID, PATCH, PEER, Field, conv, request

WHERE: Final[Field] = ("where", 101, [("data", 1, '{"m":{"$all":["ann","bob"]}}')])
OPENING: Final[list[Field]] = [
    ("t", 1, 1_763_726_400),
    ("n", 2, "nonce"),
    ("s", 3, "5c3f6c1d"),
    ("ua", 4, "js/5.0.0-rc.8"),
    ("r", 5, False),
    ("tag", 6, "Mobile"),
    ("deviceId", 7, "8d0a6e4a-3a5c-4c43-9c6e-2f3f6f0f4f62"),
    ("lastUnreadNotifTime", 17, 1_763_726_000_000),
    ("lastPatchTime", 18, 1_763_726_400_000),
    ("configBitmap", 19, 187),
]
CLIENT: Final[dict[str, list[Field]]] = {
    "session open": [
        ("cmd", 1, 0),
        ("op", 2, 1),
        ("appId", 3, "app"),
        PEER,
        ("i", 5, 1),
        ("sessionMessage", 102, OPENING),
    ],
    "session open again": request(0, 1, ("sessionMessage", 102, [("r", 5, True), ("st", 10, "token")]), op=1),
    "session query": request(0, 17, ("sessionMessage", 102, [("sessionPeerIds", 8, ("bob", "cy"))]), op=7),
    "session refresh": request(0, 4, ("sessionMessage", 102, [("ua", 4, "js/4.3.1"), ("st", 10, "old")]), op=12),
    "session close": request(0, 18, op=4),
    "conv start": request(
        1,
        2,
        conv(
            ("m", 1, ("ann", "bob")),
            ("unique", 3, True),
            ("tempConv", 27, True),
            ("tempConvTTL", 28, 3600),
            ("attr", 103, [("data", 1, '{"name":"two"}')]),
        ),
        op=30,
    ),
    "conv add": request(
        1, 12, conv(("m", 1, ("cy",)), ("cid", 4, CID), ("t", 13, 1), ("n", 14, "n"), ("s", 15, "s")), op=2
    ),
    "conv remove": request(1, 13, conv(("m", 1, ("cy",)), ("cid", 4, CID)), op=3),
    "conv query": request(
        1, 7, conv(("sort", 7, "-lm"), ("limit", 8, 0), ("skip", 9, 5), ("flag", 10, 2), WHERE), op=7
    ),
    "conv query of temporary ones": request(1, 7, conv(("tempConvIds", 29, (f"_tmp:{CID}",))), op=7),
    "conv update": request(1, 9, conv(("cid", 4, CID), ("attr", 103, [("data", 1, '{"foo.bar":2}')])), op=45),
    "conv mute": request(1, 10, conv(("cid", 4, CID)), op=47),
    "conv unmute": request(1, 10, conv(("cid", 4, CID)), op=48),
    "conv count": request(1, 10, conv(("cid", 4, CID)), op=43),
    "conv members": request(1, 10, conv(("cid", 4, CID)), op=50),
    "conv max_read": request(1, 11, conv(("cid", 4, CID), ("queryAllMembers", 23, True)), op=51),
    "conv is_member": request(1, 11, conv(("cids", 25, (CID,))), op=52),
    "conv member_info_update": request(
        1,
        3,
        conv(("cid", 4, CID), ("targetClientId", 20, "bob"), ("info", 26, [("pid", 1, "bob"), ("role", 2, "M")])),
        op=53,
    ),
    "conv add_shutup": request(1, 3, conv(("m", 1, ("bob",)), ("cid", 4, CID)), op=180),
    "conv query_shutup": request(1, 3, conv(("cid", 4, CID), ("limit", 8, 10), ("next", 40, "bob")), op=182),
    "direct": request(
        2,
        3,
        (
            "directMessage",
            104,
            [
                ("msg", 1, '{"_lctext":"a","_lctype":-1}'),
                ("r", 10, True),
                ("cid", 11, CID),
                ("transient", 13, False),
                ("dt", 14, "uuid"),
                ("pushData", 16, '{"alert":"a"}'),
                ("will", 17, True),
                ("mentionPids", 20, ("bob",)),
                ("mentionAll", 21, False),
            ],
        ),
    ),
    "direct of bytes": request(
        2, 4, ("priority", 7, 1), ("directMessage", 104, [("cid", 11, CID), ("binaryMsg", 19, b"\x00\xff")])
    ),
    "ack": [
        ("cmd", 1, 3),
        ("ackMessage", 105, [("cid", 4, CID), ("fromts", 7, 1_763_726_400_000), ("tots", 8, 1_763_726_400_123)]),
    ],
    "read": [
        ("cmd", 1, 11),
        ("readMessage", 107, [("convs", 3, ([("cid", 1, CID), ("timestamp", 2, 5), ("mid", 3, MID)],))]),
    ],
    "logs": request(
        6,
        8,
        (
            "logsMessage",
            109,
            [
                ("cid", 1, CID),
                ("l", 2, 10),
                ("limit", 3, 11),
                ("t", 4, 1_763_726_400_123),
                ("tt", 5, 1),
                ("tmid", 6, MID),
                ("mid", 7, MID),
                ("direction", 10, 2),
                ("tIncluded", 11, True),
                ("ttIncluded", 12, False),
                ("lctype", 13, -1),
            ],
        ),
    ),
    "patch modify": request(18, 14, ("patchMessage", 114, [("patches", 1, (PATCH,))]), op=150),
    "blacklist block": request(
        20,
        15,
        (
            "blacklistMessage",
            116,
            [("srcCid", 1, CID), ("toPids", 2, ("bob",)), ("t", 12, 1), ("n", 13, "n"), ("s", 14, "s")],
        ),
        op=170,
    ),
    "blacklist query": request(
        20, 15, ("blacklistMessage", 116, [("srcCid", 1, CID), ("limit", 5, 10), ("next", 6, "x")]), op=7
    ),
    "echo": request(14, 16),
    "login for live queries": [
        ("cmd", 1, 8),
        ("appId", 3, "app"),
        ("i", 5, 1),
        ("installationId", 6, "sub"),
        ("service", 8, 1),
    ],
    "logout of live queries": [("cmd", 1, 16), ("appId", 3, "app"), ("i", 5, 2), ("installationId", 6, "sub")],
    "report upload": request(
        13, 6, ("reportMessage", 113, [("initiative", 1, True), ("type", 2, "x"), ("data", 3, "{}")]), op=100
    ),
    "room join": request(10, 6, ("roomMessage", 111, [("roomId", 1, "r")]), op=80),
    "presence": request(12, 6, ("presenceMessage", 112, [("status", 1, 1), ("cid", 3, CID)])),
    "pubsub subscribe": request(19, 6, ("pubsubMessage", 115, [("cid", 1, CID), ("topics", 5, ("a", "b"))]), op=120),
}
