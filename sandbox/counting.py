"""Counts random rankings with our code and with pref-voting, and prints every profile on which they differ.

`make counting N=3000`. Where the package has the same rule the results must be the same: instant run-off with every
order of equally low options ("PUT") on complete rankings, the Condorcet winner, the Smith set again and again. Its
instant run-off for rankings that leave options out has another rule for ties; those differences are counted, and
where nothing is level there must be none. `--keep FILE` writes what was found, for the tests; `--write-down FILE` every
profile on which the two differ, with both results.
"""

from __future__ import annotations

import argparse
import json
import random
import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import Any

from bot.domain.counting import duels, runoff
from sandbox.install import PREF_VOTING, ensure_pref_voting

Profile = dict[str, Any]


def profiles(number: int, seed: int) -> list[Profile]:
    """Return random profiles: half with complete rankings; few people, so that much is level."""
    chance = random.Random(seed)  # noqa: S311 - no secret
    found: list[Profile] = []
    for place in range(number):
        options = chance.randint(2, 6)
        everything = list(range(1, options + 1))
        shapes = [chance.sample(everything, options) for _ in range(chance.randint(1, 4))]
        rankings = []
        for _ in range(chance.randint(1, 15)):
            ranking = (
                list(chance.choice(shapes)) if chance.random() < 0.5 else chance.sample(everything, options)
            )
            rankings.append(ranking if place % 2 else ranking[: chance.randint(1, options)])
        found.append({"options": options, "rankings": rankings})
    return found


def reference(asked: list[Profile]) -> list[dict[str, Any]]:
    """Return what pref-voting finds."""
    script = Path(__file__).with_name("pref_voting_results.py")
    done = subprocess.run(
        [str(PREF_VOTING.python), str(script)],
        input=json.dumps(asked),
        capture_output=True,
        text=True,
        check=True,
    )
    found: list[dict[str, Any]] = json.loads(done.stdout)
    return found


def differences(profile: Profile, theirs: dict[str, Any]) -> list[str]:
    """Return in which results we differ, by name; `together` is the rule for ties that is not ours."""
    rankings = [tuple(ranking) for ranking in profile["rankings"]]
    pairs = duels.table(rankings, profile["options"])
    went = runoff.instant_runoff(rankings, profile["options"])
    found = []
    if theirs["put"] is not None and list(went.winners) != theirs["put"]:
        found.append("put")
    if list(map(list, duels.tiers(pairs))) != theirs["tiers"]:
        found.append("tiers")
    if duels.winner(pairs) != theirs["condorcet"]:
        found.append("condorcet")
    if list(went.winners) != theirs["together"]:
        found.append("together" if is_level(rankings, profile["options"]) else "together, nothing level")
    return found


def is_level(rankings: list[tuple[int, ...]], options: int) -> bool:
    """Tell whether several options are equally low, and not last of all, in some count."""
    remaining = set(range(1, options + 1))
    while True:
        votes = runoff.first_votes(Counter(rankings), remaining)
        if 2 * max(votes.values()) > sum(votes.values()):
            return False
        low = [number for number, count in votes.items() if count == min(votes.values())]
        if len(low) > 1:
            return True
        remaining -= set(low)


def main() -> int:
    """Compare; the exit code is 1 where the same rule gave another result."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--profiles", type=int, default=3000)
    arguments.add_argument("--seed", type=int, default=1)
    arguments.add_argument("--keep", type=Path)
    arguments.add_argument("--write-down", type=Path)
    asked = arguments.parse_args()
    ensure_pref_voting()
    found = profiles(asked.profiles, asked.seed)
    theirs = reference(found)
    if asked.keep:
        kept = [json.dumps(profile | results) for profile, results in zip(found, theirs, strict=True)]
        asked.keep.write_text("\n".join(kept) + "\n", encoding="utf-8")
    counts: dict[str, int] = {}
    lines = []
    for profile, results in zip(found, theirs, strict=True):
        for name in differences(profile, results):
            counts[name] = counts.get(name, 0) + 1
            went = runoff.instant_runoff(map(tuple, profile["rankings"]), profile["options"])
            lines.append(json.dumps(profile | {"differs": name, "ours": went.winners, "theirs": results}))
            if counts[name] <= 3:
                print(f"{name}: {json.dumps(profile)} -> {json.dumps(results)}")
    if asked.write_down:
        asked.write_down.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
    print(f"{len(found)} profiles; differences: {counts or 'none'}")
    return int(any(name != "together" for name in counts))


if __name__ == "__main__":
    sys.exit(main())
