"""One scripted person: what a user can do in rooms, on one device.

Rule: a member knows only what its own client decrypted; what it says about a room is what a person would see.
"""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING, Any

from sandbox.messages import mentions_of, text_message
from sandbox.program import Program, to_base64
from sandbox.results import Device, PollResults, Trust
from sandbox.rooms import InRooms
from sandbox.seen import Seen, Sight
from sandbox.verifying import Verification
from sandbox.watching import User, Watching, user_id_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from sandbox.synapse import Account


class Member(InRooms, Watching):
    """One user on one device. Made by `Members.join_server` and `Members.log_in`."""

    def __init__(self, program: Program, name: str, account: Account) -> None:
        self._program = program
        self.name = name
        self.account = account
        self.user_id = account.user_id
        self.device_id = ""
        self.sight = Sight(account.user_id)

    def __repr__(self) -> str:
        return f"<Member {self.user_id} {self.device_id}>"

    # Events

    async def say(
        self,
        room: str,
        body: str,
        *,
        reply_to: str | None = None,
        mentions: Iterable[User] = (),
        thread: str | None = None,
        edit_of: str | None = None,
        formatted_body: str | None = None,
        msgtype: str = "m.text",
    ) -> str:
        """Send a text and return its event id.

        `reply_to`, `thread` (its root) and `edit_of` are event ids; `mentions` become `m.mentions`.
        """
        content = text_message(
            body,
            msgtype=msgtype,
            formatted_body=formatted_body,
            reply_to=reply_to,
            thread=thread,
            edit_of=edit_of,
        )
        content["m.mentions"] = mentions_of(user_id_of(user) for user in mentions)
        return await self.send_raw(room, "m.room.message", content)

    async def send_raw(self, room: str, type: str, content: Mapping[str, Any]) -> str:
        """Send any event, encrypted where the room is, and return its id."""
        event_id: str = await self._ask("send", room_id=room, type=type, content=content)
        return event_id

    async def react(self, room: str, event_id: str, key: str) -> str:
        """React to an event; reactions are never encrypted."""
        relation = {"rel_type": "m.annotation", "event_id": event_id, "key": key}
        return await self.send_raw(room, "m.reaction", {"m.relates_to": relation})

    async def redact(self, room: str, event_id: str, reason: str | None = None) -> str:
        """Delete an event and return the redaction's id."""
        redaction: str = await self._ask("redact", room_id=room, event_id=event_id, reason=reason)
        return redaction

    async def read(self, room: str, event_id: str) -> None:
        """Send a public read receipt up to an event this member has seen."""
        await self._ask("read_receipt", room_id=room, event_id=event_id)

    async def send_file(
        self,
        room: str,
        name: str,
        data: bytes,
        mimetype: str,
        *,
        caption: str | None = None,
        thumbnail: bytes | None = None,
    ) -> str:
        """Send an encrypted attachment, with a PNG as its thumbnail if there is one, and return its event id."""
        event_id: str = await self._ask(
            "send_file",
            room_id=room,
            name=name,
            data=to_base64(data),
            mimetype=mimetype,
            caption=caption,
            thumbnail=to_base64(thumbnail) if thumbnail else None,
        )
        return event_id

    async def download(self, seen: Seen, *, thumbnail: bool = False) -> bytes:
        """Fetch an event's attachment, or its thumbnail, and decrypt it.

        Raises:
            SandboxError: it is not there, or its hash is wrong.
        """
        content = {"file": seen.content["info"]["thumbnail_file"]} if thumbnail else seen.content
        return base64.b64decode(await self._ask("download", content=content))

    # Polls

    async def open_poll(
        self,
        room: str,
        question: str,
        answers: Sequence[str],
        *,
        disclosed: bool = True,
        max_selections: int = 1,
    ) -> str:
        """Open a native poll as Element's poll button does, and return its event id."""
        event_id: str = await self._ask(
            "open_poll",
            room_id=room,
            question=question,
            answers=list(answers),
            disclosed=disclosed,
            max_selections=max_selections,
        )
        return event_id

    async def answer_poll(
        self, room: str, poll_event_id: str, answers: Sequence[int | str], *, stable: bool = False
    ) -> str:
        """Answer a native poll and return the response's event id.

        Answers are places (from 0) or ids; none withdraws. With `stable` it is the specification's
        `m.poll.response`, which Element does not send yet and its SDK does not count.
        """
        event_id: str = await self._ask(
            "answer_poll", room_id=room, event_id=poll_event_id, answers=list(answers), stable=stable
        )
        return event_id

    async def end_poll(self, room: str, poll_event_id: str, text: str = "The poll has ended.") -> str:
        """End a native poll and return the event id."""
        event_id: str = await self._ask("end_poll", room_id=room, event_id=poll_event_id, text=text)
        return event_id

    async def poll_results(self, room: str, poll_event_id: str) -> PollResults:
        """Count a poll as the member's app shows it."""
        found = await self._ask("poll_results", room_id=room, event_id=poll_event_id)
        answers = found.pop("answers")
        return PollResults(
            votes={answer["text"]: answer["votes"] for answer in answers},
            answer_ids={answer["text"]: answer["id"] for answer in answers},
            **found,
        )

    # What this member sees

    async def look(self, seen: Seen | str) -> Seen:
        """Return an event as the member's app shows it now: shields change when devices and identities do."""
        event_id = seen if isinstance(seen, str) else seen.event_id
        return Seen.from_push(await self._ask("look", event_id=event_id))

    async def read_back(self, room: str) -> None:
        """Load a room's history from before this member's first sync of it, as far as the server shows it."""
        await self._ask("read_back", room_id=room)

    async def devices(self, user: User) -> list[Device]:
        """Return a user's devices as this member's client knows and judges them; a new one comes with a sync."""
        return [Device(**found) for found in await self._ask("devices", user_id=user_id_of(user))]

    async def trust(self, user: User) -> Trust:
        """Return what this member's client thinks of a user's identity."""
        return Trust(**await self._ask("user_trust", user_id=user_id_of(user)))

    async def user_verified(self, user: User) -> bool:
        """Say whether this member has verified a user."""
        return (await self.trust(user)).verified

    async def approve_identity(self, user: User) -> None:
        """Accept a user's changed identity, as the app's "dismiss" does."""
        await self._ask("approve_identity", user_id=user_id_of(user))

    async def sign_device(self, device: Member) -> None:
        """Vouch for another device of the same person, as verifying it does."""
        await self._ask("sign_device", device_id=device.device_id)

    async def reset_identity(self) -> None:
        """Make a new identity and sign this device with it, as somebody who lost their keys does."""
        await self._ask("reset_identity", password=self.account.password)

    async def request_verification(
        self,
        user: User,
        *,
        room: str | None = None,
        device: str | None = None,
        methods: Sequence[str] | None = None,
    ) -> Verification:
        """Ask a user to verify each other: in a room, or on one of their devices.

        `methods` are those this app can do, by default all that Element can.
        """
        number = await self._ask(
            "verification_ask",
            user_id=user_id_of(user),
            room_id=room,
            device_id=device,
            methods=None if methods is None else list(methods),
        )
        return Verification(self._program, self.name, number)

    async def set_display_name(self, name: str) -> None:
        """Set the name that people see."""
        await self._ask("set_display_name", name=name)

    async def pause_sync(self) -> None:
        """Hear nothing more until `resume_sync`, as a phone without a network; sending still works."""
        await self._ask("pause_sync")

    async def resume_sync(self) -> None:
        """Catch up with what came meanwhile."""
        await self._ask("resume_sync")

    async def stop(self) -> None:
        """Stop syncing; the device stays on the server, its keys are lost."""
        await self._ask("stop")

    async def logout(self) -> None:
        """Log out: the server deletes the device."""
        await self._ask("logout")
