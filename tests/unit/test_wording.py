"""What changed between two versions: nothing is left out and nothing made up."""

from hypothesis import given
from hypothesis import strategies as st

from bot.domain.wording import Change, compare

words = st.lists(st.sampled_from(["we", "buy", "a", "tent", "two", "tents."]), max_size=9).map(" ".join)


@given(words, words)
def test_the_stretches_make_up_both_versions(before: str, after: str) -> None:
    found = compare(before, after)
    assert " ".join(each.before for each in found if each.before) == before
    assert " ".join(each.after for each in found if each.after) == after


def test_only_the_words_that_changed_are_changes() -> None:
    changed = [each for each in compare("We buy a tent now.", "We buy two tents now.") if not each.is_kept]
    assert changed == [Change("a tent", "two tents")]
