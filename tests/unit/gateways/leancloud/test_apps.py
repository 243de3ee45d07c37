"""Apps by the id that clients say."""

import pytest

from tests.unit.app.app_stage import AppStage
from unisono.gateways.leancloud.apps import Apps, opened_app
from unisono.gateways.leancloud.refused import Refused
from unisono.leancloud_settings import LeanCloudApp
from unisono.secret import Secret


async def test_an_app_is_found_by_its_id_and_none_by_another() -> None:
    nodes = [AppStage().node, AppStage().node]
    keys = Secret("app-key-of-the-tests"), Secret("master-key-of-the-tests")
    settings = [LeanCloudApp(id=name, key=keys[0], master_key=keys[1]) for name in ("one", "Two")]
    apps = Apps(opened_app(*pair) for pair in zip(settings, nodes, strict=True))
    assert [app.id for app in apps] == ["one", "Two"]
    assert (apps.get("Two").node, apps.get("one").settings) == (nodes[1], settings[0])
    for name in ("two", "", "ONE"):
        with pytest.raises(Refused) as refused:
            apps.get(name)
        assert (refused.value.error.code, refused.value.error.is_final) == (4100, True)
