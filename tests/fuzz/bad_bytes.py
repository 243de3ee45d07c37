"""Bytes that are not JSON, not UTF-8, or not MessagePack."""

from collections.abc import Iterator
from typing import Final

import msgspec

Bad = tuple[str, bytes, str]

PING: Final = b'{"id":7,"do":{"op":"ping"}}'
PACKED_PING: Final = b"\x82\xa2id\x07\xa2do\x81\xa2op\xa4ping"
JOIN: Final = '{"id":7,"do":{"op":"join","conversation":%s}}'
DEEP: Final = 2_000

SYNTAX: Final[dict[str, bytes]] = {
    "empty": b"",
    "space alone": b" \n\t",
    "NUL": b"\x00",
    "one brace": b"{",
    "one bracket": b"[",
    "one quote": b'"',
    "cut off after the key": b'{"id"',
    "cut off in the key": b'{"i',
    "cut off after the colon": b'{"id":',
    "cut off before the end": PING[:-1],
    "one brace too many": PING + b"}",
    "two frames in one": PING + PING,
    "two frames in two lines": PING + b"\n" + PING,
    "NUL behind it": PING + b"\x00",
    "word behind it": PING + b" x",
    "comma behind it": PING + b",",
    "comma at the end of an object": b'{"id":7,"do":{"op":"ping"},}',
    "comma at the beginning": b'{,"id":7,"do":{"op":"ping"}}',
    "two commas": b'{"id":7,,"do":{"op":"ping"}}',
    "no comma": b'{"id":7 "do":{"op":"ping"}}',
    "no colon": b'{"id" 7,"do":{"op":"ping"}}',
    "comment": b'{"id":7,/**/"do":{"op":"ping"}}',
    "line comment": b'{"id":7,//\n"do":{"op":"ping"}}',
    "single quotes": b"{'id':7,'do':{'op':'ping'}}",
    "bare keys": b"{id:7,do:{op:'ping'}}",
    "number as key": b'{7:7,"do":{"op":"ping"}}',
    "capital TRUE": b'{"id":TRUE,"do":{"op":"ping"}}',
    "NaN": b'{"id":NaN,"do":{"op":"ping"}}',
    "Infinity": b'{"id":Infinity,"do":{"op":"ping"}}',
    "undefined": b'{"id":undefined,"do":{"op":"ping"}}',
    "hexadecimal number": b'{"id":0x7,"do":{"op":"ping"}}',
    "leading zero": b'{"id":07,"do":{"op":"ping"}}',
    "leading plus": b'{"id":+7,"do":{"op":"ping"}}',
    "point at the end": b'{"id":7.,"do":{"op":"ping"}}',
    "point at the beginning": b'{"id":.7,"do":{"op":"ping"}}',
    "exponent without digits": b'{"id":7e,"do":{"op":"ping"}}',
    "underscore in a number": b'{"id":7_000,"do":{"op":"ping"}}',
    "number of 5000 digits": b'{"id":' + b"7" * 5000 + b',"do":{"op":"ping"}}',
    "byte order mark": b"\xef\xbb\xbf" + PING,
    "UTF-16": PING.decode().encode("utf-16"),
    "UTF-32": PING.decode().encode("utf-32-le"),
    "no-break space": '{\u00a0"id":7,"do":{"op":"ping"}}'.encode(),
    "form feed": b'\x0c{"id":7,"do":{"op":"ping"}}',
    "HTTP request": b"GET / HTTP/1.1\r\nHost: x\r\n\r\n",
    "markup": b"<frame id='7'/>",
    "Socket.IO packet": b'42["ping",{}]',
    "nested arrays without end": b"[" * DEEP,
    "nested arrays": b"[" * DEEP + b"]" * DEEP,
    "nested objects without end": b'{"do":' * DEEP,
    "nested unknown value": b'{"id":7,"x":' + b"[" * DEEP + b"]" * DEEP + b"}",
}

STRINGS: Final[dict[str, bytes]] = {
    "string without end": b'"abc',
    "raw line break in a string": b'"a\nb"',
    "raw NUL in a string": b'"a\x00b"',
    "raw tab in a string": b'"a\tb"',
    "unknown escape": rb'"a\qb"',
    "escape at the end": b'"a\\"',
    "hexadecimal escape": rb'"\x41"',
    "escape cut off": rb'"\u12"',
    "escape with wrong digits": rb'"\u12gz"',
    "high surrogate alone": rb'"\ud800"',
    "low surrogate alone": rb'"\udc00"',
    "surrogates the wrong way round": rb'"\udc00\ud800"',
    "two high surrogates": rb'"\ud83d\ud83d"',
    "surrogate followed by a letter": rb'"\ud83dx"',
    "invalid UTF-8 byte": b'"\xff"',
    "stray continuation byte": b'"\x80"',
    "UTF-8 cut off": b'"\xf0\x9f\x99"',
    "overlong UTF-8": b'"\xc0\xaf"',
    "UTF-8 of a surrogate": b'"\xed\xa0\x80"',
    "UTF-8 beyond Unicode": b'"\xf4\x90\x80\x80"',
    "Latin-1": b'"caf\xe9"',
}

PACKED: Final[dict[str, bytes]] = {
    "empty": b"",
    "reserved byte": b"\xc1",
    "nil": b"\xc0",
    "number": b"\x07",
    "text": b"\xa4ping",
    "JSON": PING,
    "cut off after the header": b"\x82",
    "cut off in a key": PACKED_PING[:3],
    "cut off before the end": PACKED_PING[:-1],
    "byte behind it": PACKED_PING + b"\x00",
    "two frames in one": PACKED_PING * 2,
    "reserved byte inside": b"\x82\xa2id\xc1\xa2do\x81\xa2op\xa4ping",
    "one pair more announced": b"\x83\xa2id\x07\xa2do\x81\xa2op\xa4ping",
    "one pair less announced": b"\x81\xa2id\x07\xa2do\x81\xa2op\xa4ping",
    "keys of bytes": b"\x82\xc4\x02id\x07\xc4\x02do\x81\xa2op\xa4ping",
    "keys of numbers": b"\x82\x01\x07\x02\x81\xa2op\xa4ping",
    "key nil": b"\x83\xc0\x00\xa2id\x07\xa2do\x81\xa2op\xa4ping",
    "operation of bytes": b"\x82\xa2id\x07\xa2do\x81\xa2op\xc4\x04ping",
    "operation an extension": b"\x82\xa2id\x07\xa2do\x81\xa2op\xc7\x04\x05ping",
    "id an extension": b"\x82\xa2id\xd4\x05\x07\xa2do\x81\xa2op\xa4ping",
    "id a time": b"\x82\xa2id\xd6\xff\x00\x00\x00\x07\xa2do\x81\xa2op\xa4ping",
    "id a whole float": b"\x82\xa2id\xcb\x40\x1c\x00\x00\x00\x00\x00\x00\xa2do\x81\xa2op\xa4ping",
    "id NaN": b"\x82\xa2id\xcb\x7f\xf8\x00\x00\x00\x00\x00\x00\xa2do\x81\xa2op\xa4ping",
    "id of 64 bits": b"\x82\xa2id\xcf\xff\xff\xff\xff\xff\xff\xff\xff\xa2do\x81\xa2op\xa4ping",
    "id negative of 64 bits": b"\x82\xa2id\xd3\x80\x00\x00\x00\x00\x00\x00\x00\xa2do\x81\xa2op\xa4ping",
    "array of 4 billion": b"\xdd\xff\xff\xff\xff",
    "map of 4 billion": b"\xdf\xff\xff\xff\xff",
    "text of 4 billion": b"\xdb\xff\xff\xff\xff",
    "bytes of 4 billion": b"\xc6\xff\xff\xff\xff",
    "extension of 4 billion": b"\xc9\xff\xff\xff\xff\x05",
    "nested arrays": b"\x91" * DEEP + b"\xc0",
    "nested arrays without end": b"\x91" * DEEP,
    "nested large arrays": b"\xdd\x00\x0f\x00\x00" * 2000,
    "nested maps": b"\x81\xa1a" * DEEP + b"\xc0",
    "nested unknown value": b"\x82\xa2id\x07\xa1x" + b"\x91" * DEEP + b"\xc0",
}

PACKED_STRINGS: Final[dict[str, bytes]] = {
    "string of bytes": b"\xc4\x01c",
    "string an extension": b"\xd4\x05c",
    "string longer than the frame": b"\xd9\xffc",
    "invalid UTF-8 byte": b"\xa1\xff",
    "UTF-8 cut off": b"\xa3\xf0\x9f\x99",
    "overlong UTF-8": b"\xa2\xc0\xaf",
    "UTF-8 of a surrogate": b"\xa3\xed\xa0\x80",
    "UTF-8 beyond Unicode": b"\xa4\xf4\x90\x80\x80",
    "Latin-1": b"\xa4caf\xe9",
}


def bad_json() -> Iterator[Bad]:
    """Give what is no JSON, or JSON of something that is no text."""
    for name, raw in SYNTAX.items():
        yield name, raw, "malformed"
    for name, raw in STRINGS.items():
        before, after = (JOIN % "|").encode().split(b"|")
        yield f"{name}, as a value", before + raw + after, "malformed"
    for name in ("invalid UTF-8 byte", "high surrogate alone", "raw NUL in a string", "string without end"):
        yield f"{name}, as a key", b'{"id":7,"do":{"op":"ping",' + STRINGS[name] + b":1}}", "malformed"


def bad_msgpack() -> Iterator[Bad]:
    """Give what is no MessagePack, or says what has no place in a request."""
    for name, raw in PACKED.items():
        yield name, raw, "malformed"
    head = b"\x82\xa2id\x07\xa2do\x82\xa2op\xa4join\xacconversation"
    for name, raw in PACKED_STRINGS.items():
        yield f"{name}, as a value", head + raw, "malformed"
    message = {"id": 7, "do": {"op": "send", "conversation": "c", "key": "k", "content": {"data": {"a": 0}}}}
    head = msgspec.msgpack.encode(message)[:-1]
    for name, raw in FREE.items():
        yield f"{name}, as a free value", head + raw, "malformed"


FREE: Final[dict[str, bytes]] = {
    "bytes": b"\xc4\x02xy",
    "extension": b"\xd4\x05x",
    "time": b"\xd6\xff\x00\x00\x00\x05",
    "NaN": b"\xcb\x7f\xf8\x00\x00\x00\x00\x00\x00",
    "infinity": b"\xcb\x7f\xf0\x00\x00\x00\x00\x00\x00",
    "NaN of 32 bits": b"\xca\x7f\xc0\x00\x00",
    "greatest number of 64 bits": b"\xcf\xff\xff\xff\xff\xff\xff\xff\xff",
    "least number of 64 bits": b"\xd3\x80\x00\x00\x00\x00\x00\x00\x00",
    "map with a number as key": b"\x81\x01\x02",
    "map with nil as key": b"\x81\xc0\x02",
    "map with bytes as key": b"\x81\xc4\x01x\x02",
    "map with an array as key": b"\x81\x91\x01\x02",
    "map with true as key": b"\x81\xc3\x02",
    "bytes deep inside": b"\x91\x81\xa1a\x91\xc4\x01x",
    "array of 4 billion": b"\xdd\xff\xff\xff\xff",
    "map of 4 billion": b"\xdf\xff\xff\xff\xff",
    "nothing": b"",
}
