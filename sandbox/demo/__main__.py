"""`make demo`: play the federation, check what was seen, and leave it running if asked to."""

from __future__ import annotations

import argparse
import asyncio
import sys

from sandbox.bot import BotProcess
from sandbox.demo.play import ASSEMBLY, PODS, play
from sandbox.demo.stage import Stage
from sandbox.install import SandboxError
from sandbox.members import Members
from sandbox.synapse import Synapse


def main() -> None:
    """Run the demo; exit with 0 only if everything was seen."""
    parser = argparse.ArgumentParser(prog="make demo", description=__doc__)
    parser.add_argument("--keep", action="store_true", help="leave it running, and print how to take part")
    keep = parser.parse_args().keep
    try:
        sys.exit(0 if asyncio.run(_demo(keep=keep)) else 1)
    except KeyboardInterrupt:
        print("\nStopped.")


async def _demo(*, keep: bool) -> bool:
    async with Synapse() as synapse, Members() as members:
        print(f"A throw-away Synapse runs at {synapse.url}")
        async with BotProcess(synapse) as bot:
            print(
                f"The bot is set up with `spokesbot init` and runs as {bot.user_id}, process {bot.process_id}"
            )
            stage = Stage(synapse, members, bot)
            try:
                await play(stage)
            except (TimeoutError, SandboxError) as error:
                print(f"\nThe play broke off: {error}", file=sys.stderr)
                stage.check("the play came to its end", held=False)
            good = stage.verdict()
            if keep:
                await _stay(stage)
            return good


async def _stay(stage: Stage) -> None:
    """Keep everything running and let a person in."""
    stage.title("It is yours now")
    print(f"   Homeserver: {stage.synapse.url}   (in Element: Sign in, Edit the homeserver)")
    for pod, people in PODS.items():
        guest = f"guest-{pod.lower()}"
        account = await stage.synapse.register(guest)
        await stage.people[people[0]].invite(stage.rooms[pod].room_id, account.user_id)
        if pod == "Willow":
            await stage.people["Ana"].invite(stage.rooms[ASSEMBLY].room_id, account.user_id)
        print(f"   User: {guest}   password: {account.password}   invited into {pod}")
    print("   Ctrl-C ends it and removes everything.", flush=True)
    await asyncio.Event().wait()


if __name__ == "__main__":
    main()
