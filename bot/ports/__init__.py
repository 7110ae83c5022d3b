"""What crosses the border between the program and Matrix: incoming events, outgoing messages, the clock.

Rule: both sides are plain values. Nothing in this package knows nio, SQL or a socket, so everything that
decides can be tested with values alone. The rest of the program imports from here, whatever the file.
"""

from bot.ports.clock import Clock, FixedClock, SystemClock
from bot.ports.events import (
    Event,
    Incoming,
    PollAnswered,
    PollChanged,
    PollEnded,
    PollMade,
    Redacted,
    Said,
    Unencrypted,
    Unread,
)
from bot.ports.fetches import Fetched, NotFetched
from bot.ports.handlers import (
    HandleEvent,
    HandleFile,
    HandleIdentities,
    HandleRoom,
    Handlers,
    HandleUnread,
    HoldEvent,
)
from bot.ports.identities import IdentitySeen
from bot.ports.messages import (
    UNENCRYPTED_ALLOWED,
    Edit,
    EndPoll,
    InviteUser,
    JoinRoom,
    LeaveRoom,
    Message,
    Redact,
    RefuseUnencrypted,
    RemoveUser,
    Say,
    SendChart,
    SendFile,
    ShareFile,
    StartPoll,
)
from bot.ports.rooms import Invited, MemberSeen, Removed, RoomChange, RoomSeen

__all__ = [
    "UNENCRYPTED_ALLOWED",
    "Clock",
    "Edit",
    "EndPoll",
    "Event",
    "Fetched",
    "FixedClock",
    "HandleEvent",
    "HandleFile",
    "HandleIdentities",
    "HandleRoom",
    "HandleUnread",
    "Handlers",
    "HoldEvent",
    "IdentitySeen",
    "Incoming",
    "InviteUser",
    "Invited",
    "JoinRoom",
    "LeaveRoom",
    "MemberSeen",
    "Message",
    "NotFetched",
    "PollAnswered",
    "PollChanged",
    "PollEnded",
    "PollMade",
    "Redact",
    "Redacted",
    "RefuseUnencrypted",
    "RemoveUser",
    "Removed",
    "RoomChange",
    "RoomSeen",
    "Said",
    "Say",
    "SendChart",
    "SendFile",
    "ShareFile",
    "StartPoll",
    "SystemClock",
    "Unencrypted",
    "Unread",
]
