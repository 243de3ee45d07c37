"""LeanCloud's published packages, unmodified, with a real server: what its guides show works with each generation.

One process of Node plays all scenarios of a generation; the first worker that needs them has all of them played.
"""

import asyncio
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Final

import pytest

from tests.support.node_player import Works, once, play
from tests.support.server_process import TEST_CONFIG, ServerProcess

HERE: Final = Path(__file__).parent
FOLDERS: Final = ("v3", "v4", "v5")
FORMS: Final = ("binary", "text")
AT_ONCE: Final = 2
APP: Final = {"id": "app-of-the-tests", "key": "app-key-of-the-tests"}
ADMIN_KEY: Final = "admin-key-of-the-tests-0123456789"
SIGNED: Final = {
    "id": "signed-app",
    "name": "signed",
    "key": "app-key-of-the-tests",
    "masterKey": "master-key-of-the-tests",
}
TOKEN_SECRET: Final = "token-secret-of-the-tests-0123456789"
CONFIG: Final = f"""{TEST_CONFIG}
[identity.jwt]
secret = "{TOKEN_SECRET}"

[admin]
keys = ["{ADMIN_KEY}"]

[sessions]
policy = "leancloud"

[[leancloud.apps]]
id = "{APP["id"]}"
key = "{APP["key"]}"
master_key = "{SIGNED["masterKey"]}"

[[leancloud.apps]]
id = "{SIGNED["id"]}"
name = "{SIGNED["name"]}"
key = "{SIGNED["key"]}"
master_key = "{SIGNED["masterKey"]}"
signed = ["logins", "conversations"]
"""

Played = Mapping[str, Mapping[str, str | None]]


async def play_one(server: ServerProcess, folder: str, form: str) -> dict[str, str | None]:
    """Play all scenarios with the packages of a folder; give what went wrong, by scenario."""
    table = {"folder": folder, "noBinary": form == "text", "port": server.port, "only": []}
    return await play(
        HERE / "player.cjs", table | {"app": APP, "signed": SIGNED, "adminKey": ADMIN_KEY, "tokenSecret": TOKEN_SECRET}
    )


async def play_all(data: Path) -> Played:
    """Play with each generation, in both forms of frames, against one server."""
    some_at_once = asyncio.Semaphore(AT_ONCE)

    async def one(server: ServerProcess, folder: str, form: str) -> dict[str, str | None]:
        async with some_at_once:
            return await play_one(server, folder, form)

    async with ServerProcess(data, config=CONFIG) as server, asyncio.TaskGroup() as tasks:
        plays = {
            f"{folder} {form}": tasks.create_task(one(server, folder, form)) for form in FORMS for folder in FOLDERS
        }
        played = {name: await task for name, task in plays.items()}
        server.assert_clean_log()
    return played


@pytest.fixture(scope="session")
def played(tmp_path_factory: pytest.TempPathFactory, worker_id: str) -> Played:
    """Give what went wrong, by generation and scenario. All workers of a run share one play."""
    told: Played = once(tmp_path_factory, worker_id, "leancloud-packages", play_all)
    return told


@pytest.fixture(params=FOLDERS)
def works(request: pytest.FixtureRequest, played: Played) -> Works:
    """Give a look at what came of the scenarios with the packages of one generation."""
    return Works(played[f"{request.param} binary"])


@pytest.mark.rows(
    "L6", "L13", "L14", "L20", "L21", "L22", "L31", "L44", "L61", "L109", "L110", "L111", "L112", "L115", "L118"
)
def test_two_talk(works: Works) -> None:
    works.assert_that("oneToOne")


@pytest.mark.rows("L34", "L35", "L36", "L37", "L38", "L68", "L100", "L101", "L132")
def test_a_group_talks_and_who_was_away_reads_it_later(works: Works) -> None:
    works.assert_that("group")


@pytest.mark.rows("L49", "L58", "L59", "L66", "L122", "L124")
def test_a_place_with_a_caption_arrives(works: Works) -> None:
    works.assert_that("kindsOfMessages")


@pytest.mark.rows("L67", "L82", "L83", "L117", "L126", "L127", "L130")
def test_kinds_of_ones_own_are_known_once_registered(works: Works) -> None:
    works.assert_that("ownKinds")


@pytest.mark.rows(
    "L16",
    "L45",
    "L46",
    "L47",
    "L48",
    "L50",
    "L51",
    "L52",
    "L53",
    "L55",
    "L57",
    "L62",
    "L63",
    "L64",
    "L65",
    "L119",
    "L120",
    "L121",
    "L123",
    "L125",
)
def test_files_are_uploaded_and_messages_tell_of_them(works: Works) -> None:
    works.assert_that("files")


@pytest.mark.rows("L76", "L79")
def test_what_is_transient_is_seen_once(works: Works) -> None:
    works.assert_that("transient")


@pytest.mark.rows("L84", "L85", "L86", "L87", "L88")
def test_a_receipt_tells_that_a_message_was_delivered(works: Works) -> None:
    works.assert_that("receipts")


@pytest.mark.rows("L96", "L99", "L101", "L102")
def test_what_waits_is_counted_alike_on_all_devices(works: Works) -> None:
    works.assert_that("unread")


@pytest.mark.rows("L97", "L98", "L101")
def test_what_waits_is_told_at_the_login(works: Works) -> None:
    works.assert_that("counts")


@pytest.mark.rows("L104", "L105", "L106", "L107")
def test_what_was_missed_comes_by_itself_where_that_is_asked_for(works: Works) -> None:
    works.assert_that("missedMessages")


def test_a_file_of_a_native_client_is_one_of_theirs(works: Works) -> None:
    works.assert_that("fromNatives")


@pytest.mark.rows("L196", "L197", "L228", "L229")
def test_without_words_the_ten_latest_are_found_and_rooms_by_theirs(works: Works) -> None:
    works.assert_that("defaults")


@pytest.mark.rows("L218", "L223")
def test_a_visitor_who_lost_the_network_is_in_the_room_again(works: Works) -> None:
    works.assert_that("backInTheRoom")


def test_messages_are_changed_and_taken_back(works: Works) -> None:
    works.assert_that("changedMessages")


@pytest.mark.rows(
    "L134",
    "L143",
    "L144",
    "L145",
    "L146",
    "L147",
    "L148",
    "L149",
    "L150",
    "L151",
    "L152",
    "L155",
    "L156",
    "L157",
    "L159",
    "L161",
    "L162",
    "L163",
    "L166",
)
def test_who_comes_and_goes_is_told_to_all(works: Works) -> None:
    works.assert_that("comingAndGoing")


@pytest.mark.rows(
    "L140",
    "L168",
    "L169",
    "L170",
    "L171",
    "L174",
    "L175",
    "L176",
    "L177",
    "L180",
    "L181",
    "L182",
    "L186",
    "L187",
    "L191",
)
def test_what_a_conversation_is_any_member_changes(works: Works) -> None:
    works.assert_that("properties")


@pytest.mark.rows("L30", "L137", "L138", "L139")
def test_a_unique_conversation_is_found_again(works: Works) -> None:
    works.assert_that("sameAgain")


@pytest.mark.rows("L70", "L74", "L136", "L221", "L222", "L225", "L226")
def test_people_in_chat_rooms_are_counted_and_in_one_at_a_time(works: Works) -> None:
    works.assert_that("chatRoom")


@pytest.mark.rows(
    "L193",
    "L194",
    "L198",
    "L199",
    "L200",
    "L201",
    "L202",
    "L203",
    "L204",
    "L205",
    "L206",
    "L207",
    "L208",
    "L209",
    "L211",
)
def test_conversations_are_found(works: Works) -> None:
    works.assert_that("queries")


@pytest.mark.rows("L230", "L231", "L233", "L234", "L235", "L236")
def test_history_is_read_in_pages(works: Works) -> None:
    works.assert_that("history")


@pytest.mark.rows("L40", "L42", "L43")
def test_client_ids_are_names_of_clients(works: Works) -> None:
    works.assert_that("whoIsWho")


@pytest.mark.rows("L250")
def test_who_logs_out_is_gone_and_may_come_again(works: Works) -> None:
    works.assert_that("loggedOut")


@pytest.mark.rows("L267", "L268", "L269", "L271")
def test_of_one_tag_the_later_login_stays(works: Works) -> None:
    works.assert_that("tags")


@pytest.mark.rows("L270")
def test_without_a_tag_both_stay_and_see_the_same(works: Works) -> None:
    works.assert_that("sameUserTwice")


@pytest.mark.rows("L238", "L239", "L240", "L241", "L242", "L243", "L246")
def test_a_lost_network_is_told_and_got_over(works: Works) -> None:
    works.assert_that("network")


@pytest.mark.rows("L272", "L273", "L274", "L277", "L278")
def test_plugins_of_theirs_are_applied(works: Works) -> None:
    works.assert_that("plugins")


@pytest.mark.rows("L251", "L253", "L254", "L255", "L258", "L259")
def test_where_signatures_are_asked_for_only_good_ones_let_in(works: Works) -> None:
    works.assert_that("signatures")


@pytest.mark.rows("L114", "L115", "L238", "L289")
def test_a_message_that_was_lost_or_refused_says_so(works: Works) -> None:
    works.assert_that("statuses")


@pytest.mark.rows("L76", "L79", "L81", "L82", "L127", "L128", "L129", "L291")
def test_a_typing_notice_is_a_kind_of_ones_own_and_passes(works: Works) -> None:
    works.assert_that("typing")


@pytest.mark.rows("L19", "L55", "L110", "L122", "L123", "L290")
def test_what_a_message_has_is_set_and_got_in_several_ways(works: Works) -> None:
    works.assert_that("gettersAndSetters")


@pytest.mark.rows("L84", "L85", "L86", "L87", "L88", "L113")
def test_a_receipt_asked_for_as_the_guide_writes_it(works: Works) -> None:
    works.assert_that("receiptAsWritten")


@pytest.mark.rows("L137", "L138")
def test_words_for_who_is_away_go_along_with_a_message(works: Works) -> None:
    works.assert_that("pushed")


@pytest.mark.rows("L96", "L97", "L98", "L101", "L102", "L103")
def test_conversations_are_marked_as_read_one_by_one_and_all_at_once(works: Works) -> None:
    works.assert_that("markedAsRead")


@pytest.mark.rows("L273", "L275", "L276", "L277", "L278", "L279", "L280", "L281", "L283")
def test_the_plugins_of_the_guide_do_what_it_says(works: Works) -> None:
    works.assert_that("pluginsOfTheGuide")


@pytest.mark.rows("L140", "L147", "L148", "L149", "L150", "L151", "L152", "L153", "L154", "L159", "L160", "L166")
def test_conversations_tell_who_comes_and_goes_as_well(works: Works) -> None:
    works.assert_that("eventsOfConversations")


@pytest.mark.rows("L206", "L286", "L287")
def test_two_find_their_conversation_again_and_what_was_said_without_them(works: Works) -> None:
    works.assert_that("privateChatAgain")


@pytest.mark.rows("L70", "L71", "L72", "L73", "L74")
def test_messages_of_each_level_are_sent_to_a_room(works: Works) -> None:
    works.assert_that("roomOfTheGuide")


@pytest.mark.rows("L258", "L262")
def test_a_function_of_the_applications_own_signs(works: Works) -> None:
    works.assert_that("hostedSigning")


@pytest.mark.rows("L239", "L240", "L241", "L242", "L243", "L244", "L245", "L247", "L248", "L249")
def test_the_story_of_a_lost_network_goes_as_the_guide_tells_it(works: Works) -> None:
    works.assert_that("storyOfALoss")


@pytest.mark.rows("L8")
def test_a_mini_program_talks_in_text_alone(works: Works) -> None:
    works.assert_that("miniProgram")


@pytest.mark.parametrize("scenario", ["ownUsers", "roles", "missedNews"])
def test_what_clients_ask_over_http_is_answered(played: Played, scenario: str) -> None:
    for form in FORMS:
        Works(played[f"v5 {form}"]).assert_that(scenario)


@pytest.mark.rows("L15")
@pytest.mark.parametrize("folder", FOLDERS)
def test_all_of_it_works_over_text_frames_too(played: Played, folder: str) -> None:
    in_text = played[f"{folder} text"]
    assert len(in_text) > 20
    assert {name: problem for name, problem in in_text.items() if problem is not None} == {}


@pytest.mark.parametrize("folder", FOLDERS)
def test_nothing_goes_wrong_beside_the_scenarios(played: Played, folder: str) -> None:
    assert played[f"{folder} binary"]["(all)"] is None


@pytest.mark.parametrize("folder", FOLDERS)
def test_the_packages_are_those_that_were_published(folder: str) -> None:
    lock = json.loads((HERE / folder / "package-lock.json").read_text())
    packages = {name: each for name, each in lock["packages"].items() if name}
    assert all(each["integrity"].startswith("sha512-") for each in packages.values())
    # Who installs them says where from.
    assert not [name for name, each in packages.items() if "resolved" in each]
    versions = {"v3": "3.5.7", "v4": "4.3.1", "v5": "5.0.0-rc.8"}
    assert packages["node_modules/leancloud-realtime"]["version"] == versions[folder]
    assert packages["node_modules/leancloud-storage"]["version"] == "4.15.2"
