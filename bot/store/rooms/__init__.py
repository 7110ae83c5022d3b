"""The rooms the bot is in and the people in them, as the server last showed them.

Rule: what is known of a room and its people goes with it when it is upgraded (`move`).
"""

from bot.store.rooms.people import (
    display_name,
    drop_moving,
    members,
    person,
    present,
    see_members,
    set_observer,
    shared_rooms,
    voices,
)
from bot.store.rooms.state import (
    came_at,
    encrypted,
    find,
    forget_greeting,
    move,
    remember,
    replaced_by,
    set_encrypted,
    set_greeted,
    set_power,
    set_successor,
    set_warned,
    warned_at,
)

__all__ = [
    "came_at",
    "display_name",
    "drop_moving",
    "encrypted",
    "find",
    "forget_greeting",
    "members",
    "move",
    "person",
    "present",
    "remember",
    "replaced_by",
    "see_members",
    "set_encrypted",
    "set_greeted",
    "set_observer",
    "set_power",
    "set_successor",
    "set_warned",
    "shared_rooms",
    "voices",
    "warned_at",
]
