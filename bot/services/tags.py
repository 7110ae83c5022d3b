"""Tags: said by people of themselves, used for nothing but the rule a pod has for its pair."""

from __future__ import annotations

from datetime import datetime

from bot.domain.errors import Conflict, UsageError
from bot.domain.pods import Room
from bot.domain.tags import MOST, OFF, normal_tag
from bot.domain.values import Code, Person
from bot.services.turnover import Turnover, tell_moved
from bot.store import pods, spokes, steps, tags
from bot.store.database import Tx
from bot.text import Text


async def choose(tx: Tx, now: datetime, room: Room, sender: Person, typed: str) -> Text:
    """Give oneself a tag, or take it off where one has it.

    Raises:
        UsageError: It is no tag.
        Conflict: They have enough of them.
    """
    try:
        tag = normal_tag(typed)
    except ValueError:
        raise UsageError(
            "{typed} is no tag: it is one word of at most 20 letters. For example: {example}",
            typed=typed,
            example=Code("!spokes tag woman"),
        ) from None
    step = await Turnover.begin(tx, now, room.room_id, sender.user_id) if await _drawn(tx, room) else None
    if await tags.drop(tx, room.room_id, sender.user_id, tag):
        told = Text("{who}, your tag {tag} is off.", who=sender, tag=tag)
    else:
        if len(await tags.of(tx, room.room_id, sender.user_id)) >= MOST:
            raise Conflict(
                "You have {most} tags, which are the most. Take one off by typing it again.", most=MOST
            )
        await tags.add(tx, room.room_id, sender.user_id, tag)
        told = Text(
            "{who}, your tag is {tag}. It is known in this pod only; typing it again takes it off.",
            who=sender,
            tag=tag,
        )
    await steps.record(tx, room.room_id, sender.user_id, now, "spokes.tag", tag=tag)
    if step is not None:
        await tell_moved(step)
    return told


async def _drawn(tx: Tx, room: Room) -> bool:
    return await spokes.rotation(tx, room.room_id) is not None


async def show(tx: Tx, room: Room, sender: Person) -> Text:
    """Say which tags somebody has and what the pod's rule is."""
    own = await tags.of(tx, room.room_id, sender.user_id)
    rule = (await pods.settings(tx, room.room_id)).pair
    return Text.lines(
        [
            Text("{who}, your tags: {tags}.", who=sender, tags=", ".join(own))
            if own
            else Text(
                "{who}, you have no tags. {tag} gives you one.", who=sender, tag=Code("!spokes tag woman")
            ),
            Text("This pod has no rule for its pair. {set} proposes one.", set=Code("!pod set pair woman"))
            if rule == OFF
            else Text(
                "The rule here: at least one of the pair with the tag {tag}, where somebody can.", tag=rule
            ),
        ]
    )
