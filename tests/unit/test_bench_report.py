"""What the benchmark says of what it has measured: failures and missed goals are shown, never left out."""

from __future__ import annotations

from typing import Any

import pytest

from bench import scale
from bench.contestants.all import chosen
from bench.figures import Figures
from bench.goals import lines
from bench.report import report
from bench.server import Request, read_line

ANSWERED = (
    "1795787078.193592 127.0.0.1 - 37337 - {@x:sandbox.test} Processed request: 0.008sec/0.000sec "
    "ru=(0.005sec, 0.002sec) db=(0.002sec/0.001sec/18) 4567B 200 "
    '"PUT /_matrix/client/v3/rooms/%21a%3Atest/send/m.room.encrypted/t1 HTTP/1.1" "aiohttp" [0 dbevts]'
)


def fan_out(seconds: float, cpu: float, rooms: int) -> dict[str, Any]:
    return {
        "seconds": seconds,
        "before": 0.0,
        "cpu": cpu,
        "server_cpu": 1.0,
        "requests": {"send": rooms},
        "latencies": {"p50": seconds / 2, "p95": seconds},
        "raw": [1.0, 1.0],
    }


def life(rooms: int, first: float, warm: float) -> dict[str, Any]:
    cpu = rooms * 0.002
    head = {"who": "spokesbot", "rooms": rooms, "repeat": 0, "part": "life", "at": 0}
    found = {"first": fan_out(first, cpu, rooms), "warm": [fan_out(warm, cpu, rooms)], "readable": 1.0}
    return head | found | {"memory": 90.0 + rooms / 100, "restart": {"answered": 1 + rooms / 100}}


def page(*made: dict[str, Any]) -> str:
    head = {"machine": "2 cores", "versions": "Synapse 1", "commands": ["make bench N=50 REPEATS=1"]}
    return report(head | {"made": list(made)})


def test_a_line_of_the_servers_log_is_read() -> None:
    found = read_line(ANSWERED)
    assert found == Request(1795787078.193592, "@x:sandbox.test", "send", "!a:test", 0.008, 200)
    assert read_line("something else") is None


def test_a_goal_that_is_missed_is_shown_with_its_figure() -> None:
    told = page(life(50, first=1.4, warm=1.2))
    assert "| first fan-out, 50 rooms | ≤ 1.45 × the limit | 1.40 × the limit | yes |" in told
    assert "| warm fan-out, 50 rooms | ≤ 1.1 × the limit | 1.20 × the limit | **no** |" in told


def test_work_before_the_approval_counts_in_the_first_fan_out_and_not_once_approved() -> None:
    made = life(50, first=1.0, warm=1.0)
    made["first"]["before"] = 0.5
    told = page(made)
    assert "| first fan-out, 50 rooms | ≤ 1.45 × the limit | 1.50 × the limit | **no** |" in told
    assert "| the same once approved, 50 rooms | ≤ 1.15 × the limit | 1.00 × the limit | yes |" in told


def test_growth_is_told_between_the_smallest_and_the_largest_world() -> None:
    found = {line.what: line for line in lines(Figures([life(50, 1.0, 1.0), life(500, 1.3, 1.1)]))}
    assert found["time a room, first, 500 against 50 rooms"].found == pytest.approx(1.3)
    assert not found["time a room, first, 500 against 50 rooms"].reached
    assert found["time a room, warm, 500 against 50 rooms"].reached
    assert found["restart to first answer, 500 against 50 rooms"].found == pytest.approx(4.0)


def test_a_contestant_that_failed_is_told_with_its_reason() -> None:
    failed = {
        "who": "nio",
        "rooms": 50,
        "repeat": 0,
        "part": "life",
        "at": 0,
        "failed": "SandboxError: it fell\nover",
    }
    told = page(life(50, 1.0, 1.0), failed)
    assert "- matrix-nio, one by one, 50 rooms: SandboxError: it fell\n" in told


def test_what_was_not_measured_is_no_figure() -> None:
    made = life(50, 1.0, 1.0)
    del made["readable"]
    assert "| members who could read the last one, 50 rooms | ≥ 1 | – | not measured |" in page(made)


def test_what_lies_beyond_the_measured_is_a_straight_line_and_marked() -> None:
    limits = [
        {"who": "raw", "rooms": rooms, "repeat": 0, "part": "life", "at": 0, "plain": [rooms / 50]}
        for rooms in (50, 500)
    ]
    told = list(scale.table(Figures([*limits, life(50, 1.0, 1.0), life(500, 1.0, 1.0)])))
    assert told[0] == "Measured with 500 rooms: the server takes 50 messages a second at most, so"
    rows = {row.split(" | ")[0]: row.split(" | ")[1:] for row in told if row.startswith("| ")}
    assert rows["| 500"][0] == "41 min"
    assert rows["| 500"][-2:] == ["6 s", "95 MB |"]
    assert rows["| 1,000 *"][-2:] == ["11 s", "100 MB |"]


def test_what_was_not_measured_is_not_filled_in() -> None:
    assert list(scale.table(Figures([life(50, 1.0, 1.0)]))) == ["Nothing was measured yet."]


def test_contestants_are_chosen_by_name_or_by_library() -> None:
    assert chosen("spokesbot, raw,nio") == ["raw", "spokesbot", "nio", "nio-gather"]
    with pytest.raises(ValueError, match="there is no contestant 'nia'"):
        chosen("nia")
