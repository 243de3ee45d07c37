"""The handshake: which subprotocol it comes to."""

import pytest

from unisono.domain.errors import Unsupported
from unisono.wire.leancloud.subprotocols import DIALECTS, choose


@pytest.mark.parametrize("name", DIALECTS)
def test_each_name_is_chosen_from_the_header_and_from_the_url(name: str) -> None:
    in_header, in_url = choose([name], None), choose([], name)
    assert in_header.dialect.name == in_url.dialect.name == name
    assert (in_header.is_echoed, in_url.is_echoed) == (True, False)


def test_names_say_form_and_catching_up() -> None:
    assert len(DIALECTS) == 8
    for name, dialect in DIALECTS.items():
        assert dialect.is_text == ("base64" in name)
        assert dialect.catch_up == ("messages" if name.endswith(".1") else "counts")


def test_the_first_known_name_of_the_header_wins() -> None:
    assert choose(["chat", "lc.protobuf2.1", "lc.protobuf.3"], "lc.proto2base64.3").dialect.name == "lc.protobuf2.1"
    assert choose(["chat"], "lc.proto2base64.3").dialect.name == "lc.proto2base64.3"


@pytest.mark.parametrize(("offered", "in_url"), [([], None), (["chat"], "chat"), ([], ""), (["LC.PROTOBUF2.3"], None)])
def test_a_handshake_without_a_known_name_is_refused(offered: list[str], in_url: str | None) -> None:
    with pytest.raises(Unsupported):
        choose(offered, in_url)


def test_a_refusal_quotes_no_more_than_a_little() -> None:
    with pytest.raises(Unsupported) as caught:
        choose(["x" * 10_000], None)
    assert len(str(caught.value)) < 200
