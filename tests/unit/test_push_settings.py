"""Settings of push notifications: what could not be checked, or would be shown as it stands, is refused."""

import base64
from pathlib import Path

import pytest

from unisono.cli.configuration import describe
from unisono.config import ConfigError, load
from unisono.push_settings import Push, signing_key
from unisono.secret import Secret

URL = "https://push.example.com/unisono"


def key_of(size: int) -> str:
    return "whsec_" + base64.b64encode(bytes(range(size))).decode()


def test_a_key_is_read_as_the_specification_writes_it() -> None:
    for size in (24, 32, 64):
        assert signing_key(Secret(key_of(size))) == bytes(range(size))


@pytest.mark.parametrize(
    "text", ["", "whsec_", key_of(23), key_of(65), key_of(32).removeprefix("whsec_"), "whsec_not base64 at all! not!"]
)
def test_what_is_no_key_is_refused_and_not_shown(text: str) -> None:
    with pytest.raises(ConfigError, match="base64 of 24 to 64 bytes") as refused:
        load(None, {"UNISONO_PUSH__SECRETS": f'["{text}"]'})
    assert not text or text.removeprefix("whsec_") not in str(refused.value) or text == "whsec_"


def test_keys_come_from_a_file_too_and_are_never_printed(tmp_path: Path) -> None:
    (tmp_path / "keys").write_text(f"{key_of(24)}\n{key_of(32)}\n")
    settings = load(None, {"UNISONO_PUSH__URL": URL, "UNISONO_PUSH__SECRETS_FILE": str(tmp_path / "keys")})
    assert [len(signing_key(secret)) for secret in settings.push.secrets] == [24, 32]
    assert key_of(24) not in str(describe(settings))


def test_a_service_has_to_know_that_it_is_us() -> None:
    with pytest.raises(ValueError, match="url needs secrets"):
        Push(url=URL)
    assert Push(url=URL, secrets=(Secret(key_of(32)),)).url == URL


@pytest.mark.parametrize("url", ["ftp://example.com", "https://user:password@example.com", "https://", "https://a b"])
def test_an_address_is_one_to_post_to_without_a_password(url: str) -> None:
    with pytest.raises(ConfigError, match="push.url"):
        load(None, {"UNISONO_PUSH__URL": url, "UNISONO_PUSH__SECRETS": key_of(32)})


@pytest.mark.rows("L95")
def test_a_text_with_a_word_that_means_nothing_is_refused() -> None:
    with pytest.raises(ValueError, match=r"no \{txt\} in text; there are: name, sender, text"):
        Push(text="{sender}: {txt}")
    assert Push(text="{sender} in {name}: {text}").text
