"""Which read receipts say that a message was seen."""

from __future__ import annotations

import pytest

from bot.domain.receipts import Receipt
from bot.matrix.receipts import NAMED, Receipts

PLACES = {"$before": 1, "$ours": 2, "$later": 3}


@pytest.mark.parametrize(
    ("event_id", "thread", "ours_in", "passed"),
    [
        ("$ours", None, None, True),
        ("$later", None, None, True),
        ("$before", None, None, False),
        ("$unknown", None, None, False),
        ("$later", "main", None, True),
        ("$later", "$root", None, False),
        ("$later", "$root", "$root", True),
        ("$later", "main", "$root", False),
        ("$later", None, "$root", True),
        ("$later", "$other", "$root", False),
    ],
)
def test_a_receipt_passes_what_it_is_on_and_what_was_shown_before_in_its_thread(
    event_id: str, thread: str | None, ours_in: str | None, passed: bool
) -> None:
    assert Receipt("@cy:test", event_id, thread).has_passed("$ours", ours_in, PLACES) is passed


def test_where_our_own_place_is_unknown_only_a_receipt_on_it_counts() -> None:
    assert Receipt("@cy:test", "$ours").has_passed("$ours", None, {})
    assert not Receipt("@cy:test", "$later").has_passed("$ours", None, {"$later": 3})


def test_a_filter_names_few_rooms_and_where_many_wait_asks_for_all() -> None:
    receipts = Receipts.__new__(Receipts)
    receipts._watched = frozenset(f"!pod{number}:test" for number in range(NAMED))
    assert len(receipts.asked_for()["rooms"]) == NAMED
    receipts._watched |= {"!one-more:test"}
    assert receipts.asked_for() == {"types": ["m.receipt"]}
