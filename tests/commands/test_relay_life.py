"""The relay as a machine: whatever anybody does in any order, what leaves a room was approved there, word by word.

The model below knows nothing of the program's own state. It keeps what people could see: each preview the bot posted,
who typed `ok` after it, and what happened to the messages; and it judges each letter that arrives by that alone.
"""

from __future__ import annotations

import asyncio
import re
from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import count
from pathlib import Path
from typing import Any, ClassVar

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    precondition,
    rule,
    run_state_machine_as_test,
)

from bot.domain.files import Attached, Sealed, Unfit
from bot.domain.harmless import make_harmless
from bot.matrix.format import plain
from bot.ports import Edit, FixedClock, Redact, Said, Say, ShareFile
from tests.commands.at_once import keep_copy, open_copy
from tests.commands.chat import Chat, Sent, user
from tests.commands.relay import PAIRS, attached, replying, river, seat, setting, shown

PEOPLE = {
    "willow": ["Ana", "Ben", "Cy", "Di"],
    "oak": ["Oli", "Pia", "Quin"],
    "river": ["Ana", "Ben", "Oli", "Pia", "Hal", "Zed"],
}
ROOMS = sorted(PEOPLE)
LETTER = re.compile(
    r"(?:(?:Urgent\. )?(?:From|Question from|Answer from) .*?, (S\d+) version \d+, .*:\n\n|(S\d+) from .* was retracted\.)"
)
BETWEEN_LETTERS = re.compile(r"\n\n(?=(?:Urgent\. )?From |S\d+ from )")
URGENT = " | urgent"
WORDS = ["We can.", "We cannot @room.", "Perhaps\u202e #den:test.", "S1 says so."]
WINDOW = timedelta(hours=12)
KINDS = (
    "From",
    "Urgent.",
    "Question",
    "Answer",
    "Edit",
    "deleted",
    "Digest",
    "Edit of a digest",
    "there once",
)
"""What the machine must have come to."""


def in_message(text: str) -> list[str]:
    """Return the letters of a message, if it is a digest; else the message."""
    return BETWEEN_LETTERS.split(text)[1:] if text.startswith("Digest") else [text]


@dataclass
class Version:
    """One version as it was shown, who typed `ok` to it since, and when two of them were enough."""

    room: str
    preview: str
    source: str
    oks: dict[str, str] = field(default_factory=dict)
    approved_at: datetime | None = None
    file_source: str = ""
    """The message with its file, where it brings one."""
    file: Sealed | None = None
    """Its file as it was shown."""


class Relay(RuleBasedStateMachine):
    """A pod, another pod and their assembly, with people who do as they like."""

    built = Path()
    counted: ClassVar[Counter[str]] = Counter()

    def __init__(self) -> None:
        super().__init__()
        self.loop = asyncio.new_event_loop()
        self.versions: dict[str, list[Version]] = {}
        self.said: dict[str, list[tuple[str, str]]] = {room: [] for room in ROOMS}
        self.sources: dict[str, str] = {}
        """The message with the words, by the command or the edit after which a version was shown."""
        self.files: dict[str, str] = {}
        """The message with the file, or nothing, by the command after which a version was shown."""
        self.attached: list[tuple[str, str]] = []
        """Rooms and messages with files in them."""
        self.drafted: dict[str, str] = {}
        """The message with the words, by the message with the file."""
        self.looked_at = 0
        self.digested: set[str] = set()
        """The summaries that have been in a digest."""

    def do(self, work: Any) -> Any:
        return self.loop.run_until_complete(work)

    def teardown(self) -> None:
        try:
            self.end()
        finally:
            self.do(self.chat.database.close())
        self.loop.close()

    @initialize(window=st.booleans(), digest=st.sampled_from(["off", "18:00", "18:00"]))
    def begin(self, window: bool, digest: str) -> None:
        self.chat = Chat(open_copy(Relay.built / "river.db"), FixedClock())
        self.chat._numbers = count(1000)
        self.pairs = {room: list(pair) for room, pair in PAIRS.items()}
        self.window = WINDOW if window else timedelta(0)
        if window:
            self.do(setting(self.chat, "willow", "objections", "12h"))
        self.do(setting(self.chat, "oak", "digest", digest))

    # -- what people do

    def say(
        self, person: str, room: str, body: str, replaces: str | None = None, from_file: str = "", **more: Any
    ) -> None:
        event_id = f"$e{next(self.chat._numbers)}"
        if replaces is None:
            self.files[event_id] = from_file
        elif replaces in self.files:
            self.files[event_id] = self.files[replaces]
        elif replaces in self.drafted:
            self.files[event_id], self.sources[event_id] = replaces, self.drafted[replaces]
        self.said[room].append((person, event_id))
        if replaces is None and (typed := re.fullmatch(r"ok (S\d+)", body)):
            self.typed_ok(person, room, typed[1], event_id)
        if replaces is not None:
            self.touched(room, replaces, person, body)
        if body.startswith(("!", "answer")):
            self.sources[event_id] = replaces or event_id
        common = {"event_id": event_id, "room_id": f"!{room}:test", "sender": user(person)}
        event = Said(**common, sent_at=self.chat.clock.now(), body=body, replaces=replaces, **more)
        self.do(self.chat.give(event))
        self.look()

    def typed_ok(self, person: str, room: str, name: str, event_id: str) -> None:
        if not (found := self.versions.get(name)) or found[-1].room != room:
            return
        version = found[-1]
        version.oks.setdefault(person, event_id)
        if version.approved_at is None and self.two_entitled(version):
            version.approved_at = self.chat.clock.now()

    def two_entitled(self, version: Version) -> bool:
        """The rule again, written otherwise: may two of those who typed ok send it, as things are?"""
        typed = set(version.oks)
        if version.room == "river":
            return any(
                first != second and one != other
                for one, pair in self.pairs.items()
                for other, pair_of_other in self.pairs.items()
                for first in typed & set(pair) & set(PEOPLE["river"])
                for second in typed & set(pair_of_other) & set(PEOPLE["river"])
            )
        seated = set(self.pairs[version.room])
        return (len(seated) == 2 and seated <= typed) or (
            len(seated) == 1 and seated <= typed and len(typed) > 1
        )

    def touched(self, room: str, event_id: str, by: str | None, body: str = "") -> None:
        """A message was edited by somebody or, without `by`, deleted: what rested on it is void."""
        author = next(person for person, said in self.said[room] if said == event_id)
        if by not in (author, None):
            return
        for found in self.versions.values():
            version = found[-1]
            if version.room != room or self.has_gone(version):
                continue
            words = make_harmless(body.removeprefix("!summary ").removesuffix(URGENT))
            is_same = body.endswith(URGENT) == ("Urgent. From" in version.preview)
            if event_id in (version.source, version.file_source) and not (
                body and is_same and f"\n> {words}\n" in version.preview
            ):
                self.void(version)
            for person, ok in list(version.oks.items()):
                if ok == event_id:
                    self.void(version, person)

    def void(self, version: Version, person: str | None = None) -> None:
        for one in list(version.oks) if person is None else [person]:
            version.oks.pop(one, None)
        version.approved_at = None

    def has_gone(self, version: Version) -> bool:
        window = self.window if version.room == "willow" and "to object" in version.preview else timedelta(0)
        return version.approved_at is not None and self.chat.clock.now() >= version.approved_at + window

    @rule(
        data=st.data(),
        room=st.sampled_from([*ROOMS, "river"]),
        words=st.sampled_from(WORDS),
        mark=st.sampled_from(["", "", URGENT]),
    )
    def drafts(self, data: Any, room: str, words: str, mark: str) -> None:
        self.say(data.draw(st.sampled_from(PEOPLE[room])), room, f"!summary {words}{mark}")

    @rule(
        words=st.lists(st.sampled_from(WORDS), min_size=1, max_size=2), mark=st.sampled_from(["", "", URGENT])
    )
    def sends_to_all(self, words: list[str], mark: str) -> None:
        for each in words:
            before = set(self.versions)
            self.say("Zed", "river", f"!summary {each}{mark}")
            for name in self.versions.keys() - before:
                for person in PEOPLE["river"]:
                    self.say(person, "river", f"ok {name}")

    @rule(
        room=st.sampled_from(["oak", "oak", "willow"]),
        hour=st.sampled_from(["18:00", "18:00", "6:00", "off"]),
    )
    def takes_digests(self, room: str, hour: str) -> None:
        before = len(self.chat.sent)
        first, second, *_ = PEOPLE[room]
        self.say(first, room, f"!pod set digest {hour}")
        for sent in self.chat.sent[before:]:
            if asked := re.search(r"\((J\d+)\)", sent.text):
                self.say(second, room, f"ok {asked[1]}")

    def new_file(self, person: str, room: str) -> Attached:
        """Let somebody send a file."""
        event_id = f"$e{next(self.chat._numbers)}"
        self.said[room].append((person, event_id))
        self.attached.append((room, event_id))
        return attached(event_id, person, f"f{event_id[2:]}.pdf", caption="Look.")

    @rule(
        data=st.data(),
        room=st.sampled_from(ROOMS),
        words=st.sampled_from(["", *WORDS]),
        comes=st.integers(0, 5),
        meddles=st.booleans(),
    )
    def drafts_with_file(self, data: Any, room: str, words: str, comes: int, meddles: bool) -> None:
        people = st.sampled_from(PEOPLE[room])
        file = self.new_file(data.draw(people), room)
        self.replies_to_file(data.draw(people), room, f"!summary {words}".strip(), file)
        while comes and self.file_comes(comes):
            pass
        newest = max(self.versions, key=lambda name: int(name[1:]), default="S1")
        two = ("Ana", "Pia") if room == "river" else self.pairs[room]
        for number, person in enumerate(two if comes > 1 else ()):
            self.say(person, room, f"ok {newest}")
            if meddles and number == 0:
                self.another_file(room, file.event_id)

    @precondition(lambda self: self.versions)
    @rule(data=st.data(), words=st.sampled_from(["", *WORDS]), yes=st.booleans())
    def is_changed_with_file(self, data: Any, words: str, yes: bool) -> None:
        name, room = self.one_of_them(data, 1)
        file = self.new_file(PEOPLE[room][0], room)
        self.replies_to_file(PEOPLE[room][0], room, f"!summary correct {name} {words}".strip(), file)
        while self.file_comes(1):
            pass
        for person in PEOPLE[room] if yes else ():
            self.say(person, room, f"ok {name}")

    def replies_to_file(self, person: str, room: str, line: str, file: Attached) -> None:
        before = len(self.said[room])
        self.say(person, room, line, from_file=file.event_id, **replying(file))
        command = self.said[room][before][1]
        if line == "!summary":  # the words are those under the file
            self.sources[command] = file.event_id
        self.drafted[file.event_id] = self.sources[command]

    @rule(comes=st.integers(0, 5))
    def file_may_come(self, comes: int) -> None:
        self.file_comes(comes)

    def file_comes(self, comes: int) -> bool:
        """Let the file that has waited longest come, or not; returns whether one waited."""
        waiting = self.do(self.chat.rows("SELECT id FROM summary_fetches"))
        if waiting:
            self.do(self.chat.file_comes("river", why=None if comes else Unfit.MISSING))
            self.look()
        return bool(waiting)

    @precondition(lambda self: self.attached)
    @rule(data=st.data())
    def edits_file(self, data: Any) -> None:
        self.another_file(*data.draw(st.sampled_from(self.attached)))

    def another_file(self, room: str, event_id: str) -> None:
        """Let whoever sent a file put another one into its message."""
        person = next(person for person, said in self.said[room] if said == event_id)
        file = attached(event_id, person, f"g{next(self.chat._numbers)}.pdf", caption="Look here.")
        self.say(person, room, "Look here.", replaces=event_id, file=file)

    @precondition(lambda self: self.versions)
    @rule(data=st.data(), here=st.integers(0, 4))
    def says_ok(self, data: Any, here: int) -> None:
        name, room = self.one_of_them(data, here)
        self.say(data.draw(st.sampled_from(PEOPLE[room])), room, f"ok {name}")

    @precondition(lambda self: self.versions)
    @rule(data=st.data(), here=st.integers(0, 4), most=st.integers(2, 6))
    def many_say_ok(self, data: Any, here: int, most: int) -> None:
        name, room = self.one_of_them(data, here)
        for person in data.draw(st.permutations(PEOPLE[room]))[:most]:
            self.say(person, room, f"ok {name}")

    @precondition(lambda self: self.versions)
    @rule(
        data=st.data(),
        here=st.integers(0, 9),
        verb=st.sampled_from(
            ["cancel", "retract", "correct", "correct", "hurry", "object", "status", "undo"]
        ),
        words=st.sampled_from(WORDS),
    )
    def commands_something(self, data: Any, here: int, verb: str, words: str) -> None:
        name, room = self.one_of_them(data, here)
        person = data.draw(st.sampled_from(PEOPLE[room]))
        before = len(self.chat.sent)
        lines = {
            "object": f"object {name} no",
            "correct": f"!summary correct {name} {words}",
            "hurry": f"!summary correct {name}{URGENT}",
            "undo": "!undo",
        }
        self.say(person, room, lines.get(verb, f"!summary {verb} {name}"))
        for sent in self.chat.sent[before:]:
            if taken := re.match(r"Your ok for (S\d+) is taken back", sent.text):
                self.void(self.versions[taken[1]][-1], person)

    @precondition(lambda self: self.versions)
    @rule(
        data=st.data(), verb=st.sampled_from(["retract", "correct", "correct"]), words=st.sampled_from(WORDS)
    )
    def is_changed(self, data: Any, verb: str, words: str) -> None:
        name, room = self.one_of_them(data, 1)
        self.say(
            PEOPLE[room][0], room, f"!summary {verb} {name} {words if verb == 'correct' else ''}".strip()
        )
        for person in PEOPLE[room]:
            self.say(person, room, f"ok {name}")

    @rule(data=st.data(), words=st.sampled_from(WORDS), yes=st.booleans())
    def asks(self, data: Any, words: str, yes: bool) -> None:
        self.say(data.draw(st.sampled_from(PEOPLE["river"])), "river", f"!ask Oak {words}")
        if yes:
            for person in PEOPLE["river"]:
                self.say(
                    person, "river", f"ok {max(self.versions, key=lambda name: int(name[1:]), default='S1')}"
                )

    @precondition(lambda self: self.versions)
    @rule(
        data=st.data(),
        room=st.sampled_from(["oak", "oak", "willow"]),
        words=st.sampled_from(WORDS),
        yes=st.booleans(),
    )
    def answers(self, data: Any, room: str, words: str, yes: bool) -> None:
        asked = self.asked()
        if not asked and yes:
            self.asks(data, words, yes)
            asked = self.asked()
        name = data.draw(st.sampled_from(sorted(asked or self.versions)))
        self.say(data.draw(st.sampled_from(PEOPLE[room])), room, f"answer {name} {words}")
        newest = max(self.versions, key=lambda name: int(name[1:]))
        for person in PEOPLE[room] if yes else ():
            self.say(person, room, f"ok {newest}")

    @rule()
    def evening_comes(self) -> None:
        now = self.chat.clock.now()
        evening = now.replace(hour=18, minute=0)
        self.do(self.chat.until(evening if evening > now else evening + timedelta(days=1)))
        self.look()

    @rule(
        data=st.data(),
        before=st.lists(st.sampled_from(WORDS), max_size=2),
        verb=st.sampled_from(["retract", "correct", "correct"]),
        words=st.sampled_from(WORDS),
        evening=st.booleans(),
    )
    def changes_what_is_in_a_digest(
        self, data: Any, before: list[str], verb: str, words: str, evening: bool
    ) -> None:
        if before:
            self.sends_to_all(before, "")
        if before and evening:
            self.evening_comes()
        if not (self.digested or before):
            return
        newest = max(self.versions, key=lambda name: int(name[1:]), default="S1")
        name = newest if before else data.draw(st.sampled_from(sorted(self.digested)))
        self.say("Zed", "river", f"!summary {verb} {name} {words if verb == 'correct' else ''}".strip())
        for person in PEOPLE["river"]:
            self.say(person, "river", f"ok {name}")

    def asked(self) -> list[str]:
        return [name for name, found in self.versions.items() if "Question from" in found[-1].preview]

    def one_of_them(self, data: Any, here: int) -> tuple[str, str]:
        """Return a summary, and mostly its own room."""
        name = data.draw(st.sampled_from(sorted(self.versions)))
        return name, self.versions[name][-1].room if here else data.draw(st.sampled_from(ROOMS))

    @rule(
        data=st.data(),
        room=st.sampled_from(ROOMS),
        words=st.sampled_from(WORDS),
        plain_text=st.booleans(),
        mark=st.sampled_from(["", "", URGENT]),
    )
    def edits(self, data: Any, room: str, words: str, plain_text: bool, mark: str) -> None:
        if not self.said[room]:
            return
        author, event_id = data.draw(st.sampled_from(self.said[room]))
        person = data.draw(st.sampled_from([author, *PEOPLE[room]]))
        body = words if plain_text else f"!summary {words}{mark}"
        self.say(person, room, body, replaces=event_id)

    @rule(data=st.data(), room=st.sampled_from(ROOMS))
    def deletes(self, data: Any, room: str) -> None:
        if not self.said[room]:
            return
        _author, event_id = data.draw(st.sampled_from(self.said[room]))
        self.touched(room, event_id, None)
        self.do(self.chat.delete(data.draw(st.sampled_from(PEOPLE[room])), room, event_id))
        self.look()

    # -- what changes under them

    @rule(hours=st.sampled_from([1, 11, 13, 71, 80]))
    def waits(self, hours: int) -> None:
        self.do(self.chat.wait(hours=hours))
        self.look()

    @rule(room=st.sampled_from(["oak", "willow", "hazel"]))
    def is_cut_off_or_back(self, room: str) -> None:
        self.chat.refused ^= {room}
        self.do(self.chat.flush())
        self.look()

    @rule(pair=st.lists(st.sampled_from(PEOPLE["willow"]), max_size=2, unique=True))
    def hands_over(self, pair: list[str]) -> None:
        self.pairs["willow"] = pair
        self.do(seat(self.chat, "willow", *pair))

    # -- what must be true

    def look(self) -> None:
        """Take in what the bot said since: previews are noted, letters judged."""
        for sent in self.chat.sent[self.looked_at :]:
            self.judge(sent)
        self.looked_at = len(self.chat.sent)

    def judge(self, sent: Sent) -> None:
        message = sent.message
        if isinstance(message, Redact):
            name = message.sent.partition(".")[0]
            if message.sent.endswith(".preview.file"):
                return  # it stood only where it was drafted, and whoever deletes their file has that deleted too
            # a digest's message is deleted with everything in it where one letter is retracted
            names = self.digested if name.startswith("digest") or name in self.digested else {name}
            gone = [
                version
                for each in names
                for version in self.versions[each]
                if "was retracted." in version.preview or (message.sent.endswith(".file") and version.file)
            ]
            assert any(version.approved_at for version in gone), f"{name} was deleted unapproved"
            Relay.counted["deleted"] += 1
            return
        if isinstance(message, ShareFile):
            self.judge_file(sent, message)
            return
        assert isinstance(message, (Say, Edit))
        text = plain(message.markdown)
        if text.startswith("Digest"):
            for letter in in_message(text):
                self.digested.add(self.judge_text(sent, letter) or "")
            Relay.counted["Edit of a digest" if isinstance(message, Edit) else "Digest"] += 1
            return
        self.judge_text(sent, text)

    def judge_text(self, sent: Sent, text: str) -> str | None:
        """Judge one letter; returns which summary it is of."""
        message = sent.message
        if (found := LETTER.search(text)) is None:
            return None
        name = found[1] or found[2]
        known = self.versions.setdefault(name, [])
        if found.start() > 0:  # something stands before it: it is shown, or spoken of
            if "This is" in text or "In its place" in text:
                assert isinstance(message, Say)
                source = self.sources.get(message.reply_to or "") or known[-1].source
                kept = known[-1].file_source if known else ""
                file = self.files.get(message.reply_to or "", kept)
                known.append(Version(sent.room, text, source, file_source=file))
            return None
        seen_before = [
            version
            for version in known
            if text in version.preview and f"Urgent. {text}" not in version.preview
        ]
        assert seen_before, f"{name} arrived as it was never shown"
        assert any(version.approved_at for version in seen_before), f"{name} arrived unapproved"
        where = re.search(r"^It (?:goes to|is deleted in) .*\.$", seen_before[-1].preview, re.MULTILINE)
        assert where is not None
        assert sent.room.title() in where[0], f"{name} arrived where it was not to go"
        is_answer = any("Answer from" in version.preview for version in known)
        assert sent.room != seen_before[-1].room or is_answer
        kind = "Edit" if isinstance(message, Edit) else text.split(maxsplit=1)[0]
        Relay.counted[kind] += 1
        return str(name)

    def end(self) -> None:
        """Once every room can be reached and every digest has gone, each room has each summary once and as it is now."""
        self.chat.refused.clear()
        self.do(self.chat.flush())
        self.do(self.chat.wait(days=2))
        self.look()
        rooms = self.do(shown(self.chat))
        for room, texts in rooms.items():
            letters = [letter for text in texts for letter in in_message(text)]
            found = [match[1] or match[2] for match in map(LETTER.match, letters) if match]
            assert len(found) == len(set(found)), f"twice in {room}"
        rows = self.do(
            self.chat.rows(
                "SELECT s.id, v.version, v.urgent, t.room_id FROM summaries s JOIN summary_versions v"
                " ON v.summary_id = s.id AND v.version = coalesce(s.out_version, s.version)"
                " JOIN summary_destinations t ON t.summary_id = s.id AND t.version = v.version"
                " WHERE s.state = 'approved' OR s.out_version IS NOT NULL"
            )
        )
        for row in rows:
            there = rooms.get(row["room_id"][1:].partition(":")[0], [])
            letters = [letter for text in there for letter in in_message(text)]
            mark = "Urgent. " if row["urgent"] else ""
            begins = rf"{mark}(?:Question f|Answer f|F)rom .*, {row['id']} version {row['version']}, "
            assert sum(bool(re.match(begins, letter)) for letter in letters) == 1, row
            Relay.counted["there once"] += 1

    def judge_file(self, sent: Sent, message: ShareFile) -> None:
        """A file is shown behind the preview that names it, and arrives as it was shown, or not at all."""
        name = sent.about or ""
        last = self.versions[name][-1]
        if sent.room == last.room and last.file is None:
            assert f"The file follows: {message.name}, " in last.preview
            last.file = message.content
            return
        shown = [version for version in self.versions[name] if version.file == message.content]
        assert any(version.approved_at for version in shown), f"the file of {name} arrived unapproved"
        where = re.search(r"^It goes to .*\.$", shown[-1].preview, re.MULTILINE)
        assert where is not None
        assert sent.room.title() in where[0], f"the file of {name} arrived where it was not to go"
        Relay.counted["file"] += 1


async def test_nothing_leaves_a_room_that_two_entitled_people_there_did_not_approve(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    Relay.built = tmp_path_factory.mktemp("river")
    chat = await Chat.open()
    await river(chat)
    keep_copy(chat.database, Relay.built / "river.db")
    await chat.database.close()
    await asyncio.to_thread(
        run_state_machine_as_test,
        Relay,
        settings=settings(
            max_examples=40,
            stateful_step_count=30,
            deadline=None,
            derandomize=True,
            phases=(Phase.generate,),
            database=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
    # the machine gets as far as what it is about
    assert min(Relay.counted[kind] for kind in KINDS) > 0, Relay.counted
