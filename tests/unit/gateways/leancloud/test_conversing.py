"""The page of the protocol names every command."""

import re
from pathlib import Path

from unisono.gateways.leancloud.conversing import CONVERSING
from unisono.wire.leancloud import realtime_pb2 as pb

PAGE = Path("docs/protocol/leancloud.md")


def test_every_command_stands_on_the_page_of_the_protocol() -> None:
    _, _, rest = PAGE.read_text().partition("## Conversations and what was said in them\n")
    table, _, _ = rest.partition("\nA conversation that these clients begin")
    named = {
        name for row in re.findall(r"^\| (.*?) \|", table, re.MULTILINE) for name in re.findall(r"`([a-z_/]+)`", row)
    }
    carried_out = {
        pb.CommandType.Name(cmd) if op is None else f"{pb.CommandType.Name(cmd)}/{pb.OpType.Name(op)}"
        for cmd, op in CONVERSING
    }
    assert named - {"transient", "command"} == carried_out
