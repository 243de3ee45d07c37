"""The settings of calls: TURN takes servers and a secret, both or none."""

import pytest

from unisono.call_settings import Calls
from unisono.secret import Secret

URL, SECRET = "turn:turn.x.test:3478", Secret("a-long-secret-of-both")


@pytest.mark.parametrize(
    ("urls", "secret"), [((URL,), None), ((), SECRET), ((URL,), Secret("short"))], ids=["secret", "urls", "length"]
)
def test_what_nobody_could_use_is_refused(urls: tuple[str, ...], secret: Secret | None) -> None:
    with pytest.raises(ValueError, match="turn_secret"):
        Calls(turn_urls=urls, turn_secret=secret)


def test_with_both_there_is_turn_and_with_neither_there_is_none() -> None:
    assert Calls(turn_urls=(URL,), turn_secret=SECRET).turn_ttl_s == 3600
    assert Calls(stun_urls=("stun:x.test",)).turn_urls == ()
