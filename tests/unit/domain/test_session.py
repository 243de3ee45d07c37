"""The life of a session: every pair of phase and cue, written out."""

import itertools

import pytest

from unisono.domain.session import NEXT, Cue, ImpossibleCueError, Phase, next_phase

LIFE = """
phase     | accepted | refused | lost     | regained | deadline | ended
greeting  | live     | closed  | closed   | -        | closed   | -
live      | -        | -       | detached | live     | -        | closed
detached  | -        | -       | -        | live     | closed   | closed
closed    | -        | -       | -        | -        | -        | -
"""
CUES = {
    "accepted": Cue.CREDENTIALS_ACCEPTED,
    "refused": Cue.CREDENTIALS_REFUSED,
    "lost": Cue.TRANSPORT_LOST,
    "regained": Cue.TRANSPORT_REGAINED,
    "deadline": Cue.DEADLINE_PASSED,
    "ended": Cue.ENDED,
}


def table() -> dict[tuple[Phase, Cue], Phase | None]:
    """Read the table above."""
    header, *rows = [[cell.strip() for cell in line.split("|")] for line in LIFE.strip().splitlines()]
    return {
        (Phase(row[0]), CUES[name]): None if cell == "-" else Phase(cell)
        for row in rows
        for name, cell in zip(header[1:], row[1:], strict=True)
    }


def test_every_pair_does_what_the_table_says() -> None:
    expected = table()
    assert set(expected) == set(itertools.product(Phase, Cue))
    for (phase, cue), following in expected.items():
        if following is None:
            with pytest.raises(ImpossibleCueError, match=f"{phase.value}: {cue.value}"):
                next_phase(phase, cue)
        else:
            assert next_phase(phase, cue) is following


def test_closed_is_the_end_and_can_be_reached_from_everywhere() -> None:
    assert all(phase is not Phase.CLOSED for phase, _ in NEXT)
    reached = {Phase.CLOSED}
    while grown := {phase for (phase, _), following in NEXT.items() if following in reached} - reached:
        reached |= grown
    assert reached == set(Phase)


def test_a_session_is_live_again_after_a_detour() -> None:
    """Resuming is not logging in: no credentials are asked for on the way back."""
    phase = next_phase(Phase.GREETING, Cue.CREDENTIALS_ACCEPTED)
    phase = next_phase(phase, Cue.TRANSPORT_LOST)
    assert next_phase(phase, Cue.TRANSPORT_REGAINED) is Phase.LIVE
