"""Whatever is sent to an endpoint, it is carried out or refused, and nothing breaks."""

import json
import random
from pathlib import Path
from typing import Any

from yarl import URL

from tests.unit.gateways.leancloud.web_stage import APP, MASTER, opened
from unisono.gateways.leancloud.endpoints import ENDPOINTS

ROUNDS = 12
NAMES = (
    *("name", "m", "c", "unique", "tr", "sys", "client_ids", "client_id", "from_client", "from_peer", "message"),
    *(
        "conv_id",
        "transient",
        "mention_all",
        "mention_client_ids",
        "push_data",
        "priority",
        "timestamp",
        "session_token",
    ),
    *("where", "limit", "skip", "order", "count", "msgid", "till_timestamp", "reversed", "start_ts", "topic", "a.b"),
    *("session_token", "to_peers", "metaData", "url", "mime_type", "token", "result"),
)
TEXTS = ("", "ann", "x" * 65, "a\x00b", "\n", "{}", '{"cid": "x"}', "-1", "9" * 30, "_tmp:", "é", "\U0001f600", "$in")
PARTS = ("ann", "%00", "%ED%A0%80", "%2F", "x" * 70, "_tmp:", "%F0%9F%98%80", "..%2f", "65" * 12)
HEADERS = {"X-LC-Id": APP, "X-LC-Key": f"{MASTER},master"}


def value(chance: random.Random, depth: int = 2) -> Any:
    kinds = ["text", "number", "plain", "list", "object"][: 5 if depth else 3]
    match chance.choice(kinds):
        case "text":
            return chance.choice(TEXTS)
        case "number":
            return chance.choice([0, -1, 2**53, 2**70, 1.5, 1e300, 1_763_726_400_123])
        case "plain":
            return chance.choice([None, True, False])
        case "list":
            return [value(chance, depth - 1) for _ in range(chance.randrange(4))]
        case _:
            keys = ("$in", "__op", "__type", "ann", "", "a.b", "name")
            return {chance.choice(keys): value(chance, depth - 1) for _ in range(chance.randrange(3))}


async def test_nothing_that_is_sent_breaks_an_endpoint(tmp_path: Path) -> None:
    chance = random.Random(4)
    async with opened(tmp_path) as asking:
        told = await asking.master("POST", "/1.2/rtm/conversations", {"m": ["ann", "bob"]})
        parts = (*PARTS, told["objectId"], told["objectId"])
        for endpoint in ENDPOINTS:
            for _ in range(ROUNDS):
                path = endpoint.path
                while "{" in path:
                    before, _, rest = path.partition("{")
                    path = before + chance.choice(parts) + rest.partition("}")[2]
                query = {chance.choice(NAMES): chance.choice([*TEXTS, json.dumps(value(chance))]) for _ in range(3)}
                url = URL(asking.desk.url + path, encoded=True).update_query(query)
                body = json.dumps({name: value(chance) for name in chance.sample(NAMES, 8)})
                async with asking.desk.http.request(endpoint.method, url, headers=HEADERS, data=body) as answer:
                    assert answer.status < 500, (endpoint.method, url, body, await answer.text())
        assert "leancloud_rest_failed" not in asking.desk.log.getvalue()
