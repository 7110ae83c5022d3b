"""Simulates five years of two hundred pods with the real rules of the rotation, and shows who served how often.

    python -m sandbox.rotation [--pods 200] [--years 5] [--seed 1] [--picture docs/rotation.png]

People pass, keep silent, go away, opt out, leave and join at random, with a seed, so that a run can be repeated.
It prints the figures of docs/rotation.md. With `--picture` it draws them too, which needs matplotlib.
"""

from __future__ import annotations

import argparse
import statistics
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from fractions import Fraction
from pathlib import Path
from random import Random

from bot.domain.rotation import NEW_FOR, Pair, Record, Standing, average, draw_line, fill, make_seed, stand

START = datetime(2026, 1, 5, 18, tzinfo=UTC)
TERM = timedelta(days=14)
LONG_ENOUGH = 52
"""Weeks available from which somebody is looked at."""
BLUE, ORANGE = "#0072B2", "#E69F00"  # told apart by everybody (Okabe and Ito)


@dataclass
class Person:
    """How somebody behaves, and what came of it.

    Args:
        willing: Always there, and accepts whenever asked.
        waited: Handovers since they could have been asked, at the longest.
    """

    willing: bool
    turns: int = 0
    waiting: int = 0
    waited: int = 0


@dataclass
class PodLife:
    """One pod through the years, by the rules of `bot.domain.rotation` alone."""

    random: Random
    size: int
    now: datetime = START
    pair: Pair = field(default_factory=Pair)
    records: dict[str, Record] = field(default_factory=dict)
    off: dict[str, Record] = field(default_factory=dict)
    people: dict[str, Person] = field(default_factory=dict)
    gone: list[tuple[Person, Fraction]] = field(default_factory=list)
    credited: dict[str, Fraction] = field(default_factory=dict)
    handed_over_at: datetime | None = None
    empty: int = 0
    most_changed: int = 0

    def __post_init__(self) -> None:
        for _ in range(self.size):
            self.enter(Record("", *average((), self.now), self.now, None, self.now))

    def enter(self, like: Record) -> None:
        """Let somebody in; two of five are always willing."""
        user_id = f"@p{len(self.people)}:pod"
        self.people[user_id] = Person(self.random.random() < 0.4)
        self.records[user_id] = replace(like, user_id=user_id)

    def live(self, years: int) -> None:
        """Go from handover to handover."""
        for _ in range(years * 26):
            self.come_and_go()
            before = set(self.pair.people)
            if self.pair.speak in self.records:
                self.records[self.pair.speak] = replace(self.records[self.pair.speak], last_turn_at=self.now)
            self.pair = self.pair.hand_over()
            self.most_changed = max(self.most_changed, len(before - set(self.pair.people)))
            self.handed_over_at = self.now
            self.ask()
            self.empty += len(self.pair.empty_seats)
            self.now += TERM
        for user_id, person in self.people.items():
            if user_id in self.records:
                self.gone.append((person, self.records[user_id].full_weeks(self.now) - self.credit(user_id)))

    def credit(self, user_id: str) -> Fraction:
        """Return the weeks a newcomer was credited with."""
        return self.credited.get(user_id, Fraction(0))

    def come_and_go(self) -> None:
        """Let people leave, join, go away and come back between two handovers."""
        for user_id in list(self.off):
            if self.random.random() < 0.4:
                self.records[user_id] = replace(self.off.pop(user_id), since=self.now)
        seated = self.pair.people
        for user_id in list(self.records):
            if user_id in seated or self.people[user_id].willing:
                continue
            chance = self.random.random()
            record = self.records[user_id]
            if chance < 0.01:
                del self.records[user_id]
                self.gone.append((self.people[user_id], record.full_weeks(self.now) - self.credit(user_id)))
            elif chance < 0.06:
                self.off[user_id] = replace(record, weeks_before=record.full_weeks(self.now))
                del self.records[user_id]
        if len(self.records) + len(self.off) < self.size and self.random.random() < 0.3:
            start = average(self.records.values(), self.now)
            self.enter(Record("", *start, self.now, None, self.now + NEW_FOR))
            self.credited[f"@p{len(self.people) - 1}:pod"] = start[1]

    def ask(self) -> None:
        """Fill the seats as the bot does: one after the other, until somebody accepts."""
        line, _ = draw_line(
            self.records.values(), self.pair, self.now, self.handed_over_at, make_seed("$start", self.now)
        )
        asked: set[str] = set()
        while True:
            found = fill(self.pair, line, asked, {}, self.offers())
            self.pair = found.pair
            if not found.asked:
                break
            for seat, user_id in found.asked.items():
                asked.add(user_id)
                if self.accepts(user_id):
                    self.pair = self.pair.with_(seat, user_id)
                    self.begin_turn(user_id)
        seated = self.pair.people
        for standing in line:
            person = self.people[standing.user_id]
            person.waiting = 0 if standing.user_id in seated else person.waiting + 1
            person.waited = max(person.waited, person.waiting)

    def offers(self) -> Sequence[Standing]:
        """Return who offers to serve where nobody is left: now and then one."""
        seated = self.pair.people
        free = [record for record in self.records.values() if record.user_id not in seated]
        if free and self.random.random() < 0.05:
            return [stand(self.random.choice(free), self.now, self.handed_over_at)]
        return []

    def accepts(self, user_id: str) -> bool:
        """Tell how somebody answers; silence comes to the same as passing."""
        return self.people[user_id].willing or self.random.random() < 0.7

    def begin_turn(self, user_id: str) -> None:
        """Count a turn."""
        self.people[user_id].turns += 1
        record = self.records[user_id]
        self.records[user_id] = replace(record, turns=record.turns + 1, volunteered_at=None)


@dataclass(frozen=True)
class Figures:
    """What came out, for everybody who was available for a year or more.

    Args:
        willing, others: Turns above or below one's share of the pod's turns, by the weeks one was available.
        larger: The same of both, in pods of five or more.
        waited: The longest wait of each always willing person, in handovers, by the size of the pod.
        empty: Seats that stood empty after a handover, of all.
    """

    willing: list[float]
    others: list[float]
    larger: list[float]
    waited: dict[int, list[int]]
    empty: Fraction
    most_changed: int


def simulate(pods: int, years: int, seed: int) -> Figures:
    """Let pods live and count.

    Args:
        pods: How many, of 3 to 15 people.
        years: For how long.
        seed: The same seed gives the same figures.
    """
    random = Random(seed)  # noqa: S311 - to be repeated, not to be secret
    willing: list[float] = []
    others: list[float] = []
    larger: list[float] = []
    waited: dict[int, list[int]] = {}
    empty = 0
    most_changed = 0
    for _ in range(pods):
        pod = PodLife(random, random.randint(3, 15))
        pod.live(years)
        turns, weeks = sum(person.turns for person, _ in pod.gone), sum(weeks for _, weeks in pod.gone)
        for person, own in pod.gone:
            if own >= LONG_ENOUGH:
                above = float(person.turns - own * turns / weeks)
                (willing if person.willing else others).append(above)
                if pod.size >= 5:
                    larger.append(above)
                if person.willing:
                    waited.setdefault(pod.size, []).append(person.waited)
        empty += pod.empty
        most_changed = max(most_changed, pod.most_changed)
    return Figures(willing, others, larger, waited, Fraction(empty, pods * years * 26 * 2), most_changed)


def printed(figures: Figures) -> list[str]:
    """Return the figures as lines."""
    lines = []
    for name, values in (
        ("always willing", figures.willing),
        ("sometimes pass", figures.others),
        ("both, in pods of five or more", figures.larger),
    ):
        near = sum(abs(value) <= 1 for value in values) / len(values)
        lines.append(
            f"{name}: {len(values)} people, within one turn of their share {near:.1%}, "
            f"median {statistics.median(values):+.2f}, least {min(values):+.2f}, most {max(values):+.2f}"
        )
    longest = {size: max(values) for size, values in sorted(figures.waited.items())}
    lines.append(
        "longest wait of an always willing person, in handovers, by size: "
        + ", ".join(f"{size}: {wait}" for size, wait in longest.items())
    )
    lines.append(
        f"seats empty after a handover: {float(figures.empty):.2%}; most people leaving at one: {figures.most_changed}"
    )
    return lines


def draw(figures: Figures, path: Path, title: str) -> None:
    """Draw how far people are from their share; needs matplotlib."""
    from matplotlib import use  # noqa: PLC0415 - for developers only

    use("Agg")
    from matplotlib import pyplot  # noqa: PLC0415

    figure, axes = pyplot.subplots(figsize=(8, 4.5), layout="constrained")
    edges = [step / 2 - 0.25 for step in range(-12, 14)]
    for values, label, colour, hatch in (
        (figures.willing, "always willing", BLUE, ""),
        (figures.others, "sometimes pass, away or opted out", ORANGE, "//"),
    ):
        counts = Counter(min(max(round(value * 2) / 2, -6.0), 6.0) for value in values)
        offset = -0.1 if colour == BLUE else 0.1
        places = sorted(counts)
        axes.bar(
            [place + offset for place in places],
            [100 * counts[place] / len(values) for place in places],
            width=0.2,
            color=colour,
            hatch=hatch,
            edgecolor="black",
            linewidth=0.5,
            label=f"{label} ({len(values)} people)",
        )
    axes.set_xlim(edges[0], edges[-1])
    axes.set_xlabel("turns above (+) or below (−) one's share, to the half turn")
    axes.set_ylabel("% of these people")
    axes.set_title(title)
    axes.legend(loc="upper left")
    figure.savefig(path, dpi=110, metadata={"Software": None})
    pyplot.close(figure)


def main() -> int:
    """Simulate, print and draw."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--pods", type=int, default=200)
    parser.add_argument("--years", type=int, default=5)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--picture", type=Path)
    asked = parser.parse_args()
    figures = simulate(asked.pods, asked.years, asked.seed)
    print("\n".join(printed(figures)))
    if asked.picture:
        draw(figures, asked.picture, f"{asked.pods} pods, {asked.years} years, seed {asked.seed}")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
