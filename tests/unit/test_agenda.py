"""Whose turn it is to be sent to."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from bot.matrix.agenda import TALK, Agenda
from bot.store.outbox import Answering, Head

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
SECOND = timedelta(seconds=1)


def head(row_id: int, room: str, about: str | None = None, due_at: datetime = NOW) -> Head:
    return Head(row_id, room, "Say", about, due_at)


def answering(row_id: int, room: str, about: str | None = None, *, answers: bool = True) -> Answering:
    return Answering(row_id, room, about, answers)


def agenda() -> Agenda:
    return Agenda(lambda waiting, _: waiting.due_at)


def served(of: Agenda, most: int, now: datetime = NOW, answers: int | None = None) -> list[str]:
    picked = of.pick(now, most if answers is None else answers, most, lambda _: True)
    return [each.room_id for each in picked]


def test_each_room_has_its_turn_before_another_has_its_second() -> None:
    rooms = agenda()
    rooms.begin([head(1, "a"), head(5, "b"), head(6, "c")], NOW)
    assert served(rooms, 1) == ["a"]
    rooms.go_on([head(2, "a")], NOW)
    assert served(rooms, 2) == ["b", "c"]
    assert served(rooms, 2) == ["a"]


def test_looking_at_all_again_takes_no_room_its_place() -> None:
    rooms = agenda()
    rooms.begin([head(1, "a"), head(5, "b"), head(6, "c")], NOW)
    assert served(rooms, 1) == ["a"]
    # `a` has the oldest row again, and a room that is new comes after those that wait already
    rooms.begin([head(2, "a"), head(5, "b"), head(6, "c"), head(9, "d")], NOW)
    assert served(rooms, 4) == ["b", "c", "a", "d"]


def test_who_waits_for_an_answer_comes_first_and_has_slots_of_their_own() -> None:
    rooms = agenda()
    rooms.hear([answering(1, "a", answers=False), answering(9, "z")], NOW)
    rooms.begin([head(1, "a"), head(2, "b"), head(8, "z")], NOW)
    assert served(rooms, 0, answers=3) == ["z"]
    assert served(rooms, 2) == ["a", "b"]


def test_what_is_not_due_comes_when_it_is() -> None:
    rooms = agenda()
    rooms.begin([head(1, "a", due_at=NOW + 5 * SECOND), head(2, "b", due_at=NOW + 3 * SECOND)], NOW)
    assert served(rooms, 2) == []
    assert rooms.next_at == NOW + 3 * SECOND


def test_a_row_that_must_wait_after_all_when_its_turn_comes_goes_back() -> None:
    settled = {"a": NOW}
    rooms = Agenda(lambda waiting, now: settled.get(waiting.room_id, now))
    rooms.begin([head(1, "a"), head(2, "b")], NOW)
    settled["a"] = NOW + SECOND  # somebody has joined
    assert served(rooms, 2) == ["b"]
    assert rooms.next_at == NOW + SECOND


def test_what_cannot_be_afforded_now_keeps_its_place() -> None:
    rooms = agenda()
    rooms.begin([head(1, "a"), head(2, "b")], NOW)
    assert [each.room_id for each in rooms.pick(NOW, 2, 2, lambda each: each.room_id != "a")] == ["b"]
    assert served(rooms, 2) == ["a"]


def test_people_talk_with_us_for_a_while_after_each_answer() -> None:
    rooms = agenda()
    assert not rooms.is_talked_to(NOW)
    rooms.hear([answering(1, "a")], NOW)
    assert rooms.is_talked_to(NOW + TALK - SECOND)
    assert not rooms.is_talked_to(NOW + TALK)
    assert not rooms.is_talked_to(NOW - SECOND)  # the system's clock has gone back


def test_who_approved_what_is_being_carried_does_not_slow_it_down() -> None:
    rooms = agenda()
    rooms.hear([answering(1, "assembly", "S1"), answering(2, "a", "S1", answers=False)], NOW)
    rooms.begin([head(1, "assembly", "S1"), head(2, "a", "S1"), head(3, "b", "S1")], NOW)
    assert not rooms.is_talked_to(NOW)
    rooms.hear([answering(4, "assembly", "P7")], NOW)
    rooms.begin([head(3, "b", "S1")], NOW)
    assert rooms.is_talked_to(NOW)


def test_what_speaks_of_nothing_slows_down_and_is_no_ground_to_hurry() -> None:
    rooms = agenda()
    rooms.hear([answering(1, "assembly"), answering(2, "a", answers=False)], NOW)
    rooms.begin([head(1, "assembly"), head(2, "a")], NOW)
    assert rooms.is_talked_to(NOW)
