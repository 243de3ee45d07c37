"""The guide to grants: its backend signs what its client asks for, and a client alone gets nowhere."""

import asyncio
import threading
from http.server import ThreadingHTTPServer
from pathlib import Path

import pytest

from tests.docs.pages import examples
from tests.support.operator_desk import TOKEN_SECRET, open_desk

PAGE = "docs/guide/grants.md"


@pytest.mark.rows("L251", "L253", "L254", "L255", "L260", "L261")
async def test_the_client_does_with_its_backend_what_it_cannot_do_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("UNISONO_TOKEN_KEY", TOKEN_SECRET)
    backend, client = examples(PAGE, "python")
    assert "KEY" not in client.text
    names: dict[str, object] = {"__name__": "backend"}
    exec(compile(backend.text, backend.place, "exec"), names)
    handler = names["Backend"]
    assert isinstance(handler, type)
    monkeypatch.setattr(handler, "log_message", lambda *_: None, raising=False)
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as serving:
        thread = threading.Thread(target=serving.serve_forever)
        thread.start()
        try:
            async with open_desk(
                tmp_path, UNISONO_IDENTITY__KIND="jwt", UNISONO_GRANTS__REQUIRED="create,add,remove,join"
            ) as desk:
                text = client.text.replace("127.0.0.1:9000", f"127.0.0.1:{serving.server_port}")
                text = text.replace("ws://127.0.0.1:8080", desk.url)
                await asyncio.to_thread(exec, compile(text, client.place, "exec"), {"__name__": "__main__"})
        finally:
            serving.shutdown()
            thread.join()
    assert capsys.readouterr().out.splitlines() == [
        "asked for create ('jerry',)",
        "asked for add ('butch',)",
        "asked for add ('spike',)",
        "not signed: nobody troubles Spike",
        "members: ('jerry', 'tom', 'butch')",
        "alone: grant_missing",
    ]
