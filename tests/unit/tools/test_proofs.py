"""Each row of the page is proved, or has a reason to be open that still holds."""

from tests.unit.tools.test_rows import survey
from tools import proofs
from tools.sources import Source

PROVED = Source("tests/unit/test_a.py", "@pytest.mark.rows('S1')\ndef test_x(): ...\n")


def test_an_open_row_wants_a_reason_and_a_proved_one_none() -> None:
    standing = survey(PROVED)
    found = [offence.text.split()[0] for offence in proofs.offences(standing, {"S2": "later"})]
    assert found == ["S3"]
    assert [offence.text for offence in proofs.offences(standing, {"S2": "", "S3": "", "S1": "later"})] == [
        "S1 is proved: its reason to be open is no more"
    ]


def test_the_page_links_to_the_test_or_tells_the_reason() -> None:
    page = list(proofs.lines(survey(PROVED), {"S2": "the next step"}))
    assert "| S1 | core | Four. | [test_x](../../tests/unit/test_a.py) |" in page
    assert "| S2 | core | Five. | left for the next step |" in page
    assert "1 of 3 core rows are proved." in page
