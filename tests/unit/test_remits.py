"""How far a pair may go from what its pod decided."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.domain.remits import BOUND, FITTING, Kind, Remit, as_voice, voice
from bot.domain.stances import Stance

REMITS = st.sampled_from([Remit(Kind.CARRY), BOUND, Remit(Kind.WITHIN, "two days"), Remit(Kind.FREE)])
DECIDED = st.sampled_from([None, *FITTING])
SAID = st.sampled_from([None, Stance.AGREE, Stance.RESERVE, Stance.DISAGREE, Stance.ABSTAIN, Stance.ASIDE])
PAIRS = st.lists(SAID, min_size=2, max_size=2)

PLACES = {Stance.DISAGREE: 0, None: 1, Stance.AGREE: 2}
"""How much a voice helps: no, nothing, yes."""
YES_OR_NO = st.sampled_from([Stance.AGREE, Stance.DISAGREE])


@settings(max_examples=100)
@given(DECIDED, REMITS, PAIRS)
def test_a_pod_says_what_it_decided_or_what_both_spokes_say_or_nothing(
    decided: Stance | None, remit: Remit, pair: list[Stance | None]
) -> None:
    said = voice(decided, remit, pair)
    both = {as_voice(each) for each in pair if each}
    assert said in (decided, None) or (None not in pair and both == {said} and remit.kind.leaves_room)
    if not remit.kind.leaves_room or decided in (None, Stance.BLOCK) or pair == [None, None]:
        assert said is decided


@settings(max_examples=100)
@given(DECIDED, REMITS, SAID)
def test_one_spoke_alone_changes_no_voice_into_another(
    decided: Stance | None, remit: Remit, said: Stance | None
) -> None:
    assert voice(decided, remit, [said, None]) in (decided, None)


@settings(max_examples=100)
@given(
    YES_OR_NO,
    REMITS,
    st.lists(st.sampled_from([None, Stance.AGREE, Stance.DISAGREE]), min_size=2, max_size=2),
)
def test_one_more_no_of_a_spoke_never_helps_and_one_more_yes_never_harms(
    decided: Stance, remit: Remit, pair: list[Stance | None]
) -> None:
    before = PLACES[voice(decided, remit, pair)]
    for seat in (0, 1):
        for said in (Stance.AGREE, Stance.DISAGREE):
            after = PLACES[
                voice(decided, remit, [said if i == seat else each for i, each in enumerate(pair)])
            ]
            if pair[seat] is None:
                assert after >= before if said is Stance.AGREE else after <= before


def test_what_fits_is_the_voice_of_the_pod() -> None:
    for decided, fitting in FITTING.items():
        assert {as_voice(each) for each in fitting} == {decided}


@given(REMITS)
def test_a_remit_reads_back_as_it_was_written(remit: Remit) -> None:
    assert Remit.read(str(remit)) == remit


@pytest.mark.parametrize(
    "typed", ["", "within", "within .", "bound to it", "free!", "x", f"within {'a' * 201}"]
)
def test_what_is_no_remit_is_refused(typed: str) -> None:
    with pytest.raises(ValueError):
        Remit.read(typed)


def test_to_widen_or_change_the_room_of_a_pair_loosens_and_to_take_it_back_does_not() -> None:
    free, within = Remit(Kind.FREE), Remit(Kind.WITHIN, "two days")
    assert free.loosens(BOUND) and within.loosens(free) and Remit(Kind.WITHIN, "ten days").loosens(within)
    assert not BOUND.loosens(free) and not Remit(Kind.CARRY).loosens(within) and not free.loosens(free)
