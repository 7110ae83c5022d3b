"""Who has a voice in a room, of all and of one."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

from bot.ports import MemberSeen
from bot.store import inbox, rooms, voices
from tests import new_store

AT = datetime(2026, 11, 23, 10, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)
ROOM = "!r:test"


async def test_members_have_a_voice_and_observers_strangers_and_the_bot_have_none(tmp_path: Path) -> None:
    database = await new_store.opened(tmp_path / "x.db")
    async with database.transaction("test") as tx:
        await inbox.save_meta(tx, "user_id", "@bot:test")
        await rooms.remember(tx, ROOM, "joined")
        await rooms.remember(tx, "!other:test", "joined")
        seen = [
            MemberSeen("@ana:test", "join", "Ana", AT),
            MemberSeen("@bot:test", "join", "Bot", AT),
            MemberSeen("@ben:test", "leave", None, AT),
            MemberSeen("@cy:test", "ban", None, AT + HOUR),
            MemberSeen("@di:test", "join", "Di", AT),
            MemberSeen("@eve:test", "invite", None, AT),
        ]
        await rooms.see_members(tx, ROOM, seen)
        await rooms.see_members(tx, "!other:test", [MemberSeen("@zed:test", "join", "Zed", AT)])
        await rooms.set_observer(tx, ROOM, "@di:test", True)
        assert await voices.ids(tx, ROOM) == {"@ana:test"}
        assert await voices.here_and_gone(tx, ROOM, AT) == ({"@ana:test"}, {"@ben:test", "@cy:test"})
        assert await voices.here_and_gone(tx, ROOM, AT + HOUR) == ({"@ana:test"}, {"@cy:test"})
        found = {
            name: await voices.here_and_gone(tx, ROOM, AT + HOUR, f"@{name}:test")
            for name in ("ana", "bot", "ben", "cy", "di", "eve", "zed")
        }
    await database.close()
    nobody: frozenset[str] = frozenset()
    assert found.pop("ana") == ({"@ana:test"}, nobody)
    assert found.pop("cy") == (nobody, {"@cy:test"})
    assert set(found.values()) == {(nobody, nobody)}


async def test_looking_at_one_person_costs_the_same_however_many_are_in_the_room(tmp_path: Path) -> None:
    database = await new_store.opened(tmp_path / "x.db")
    steps: list[int] = []
    async with database.transaction("test") as tx:
        await rooms.remember(tx, ROOM, "joined")
        for number in (10, 40):
            await rooms.see_members(
                tx, ROOM, [MemberSeen(f"@{who}:test", "join", None, AT) for who in range(number)]
            )
            steps.append(0)

            def count() -> int:
                steps[-1] += 1
                return 0

            tx._connection.set_progress_handler(count, 1)
            await voices.here_and_gone(tx, ROOM, AT, "@1:test")
            tx._connection.set_progress_handler(None, 1)
    await database.close()
    assert steps[0] == steps[1]
