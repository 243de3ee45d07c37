"""A name that only tests say turns red."""

import pytest

from tools import reached
from tools.sources import Source

USE = "from unisono.app.send import Sender\n\nSender().send(LIMIT)\n"


def faults(text: str, *others: tuple[str, str]) -> list[str]:
    sources = [Source("src/unisono/app/send.py", text), *(Source(path, other) for path, other in others)]
    return [offence.text.split("'")[1] for offence in reached.offences(sources)]


@pytest.mark.parametrize(
    "text",
    [
        "def send():\n    pass\n",
        "async def send():\n    pass\n",
        "class send:\n    pass\n",
        "send = 1\n",
        "send: int = 1\n",
    ],
)
def test_what_is_defined_and_never_said_is_found(text: str) -> None:
    assert faults(text) == ["send"]
    assert faults(text, ("tests/unit/app/test_send.py", "send()\n")) == ["send"]


def test_methods_and_properties_are_found_as_well() -> None:
    text = "class A:\n    def send(self):\n        pass\n\n    @property\n    def is_done(self):\n        pass\n\nA\n"
    assert faults(text) == ["send", "is_done"]


def test_what_the_server_or_a_tool_says_is_fine() -> None:
    text = "LIMIT = 1\n\nclass Sender:\n    def __init__(self):\n        pass\n\n    def send(self):\n        pass\n"
    assert faults(text, ("src/unisono/server.py", USE)) == []
    assert faults(text, ("tools/reference.py", USE)) == []


def test_what_is_said_in_a_string_or_handed_to_a_decorator_is_fine() -> None:
    assert faults('class Sender:\n    pass\n\nx: "Sender"\nprint(x, f"{x}")\n') == []
    assert faults("@app.command()\ndef serve():\n    pass\n") == []


def test_what_others_call_is_passed_over_by_file_and_by_name() -> None:
    assert faults("def emit():\n    pass\n") == []
    assert list(reached.offences([Source("src/unisono/identity/recipes.py", "def per_tab():\n    pass\n")])) == []
