"""The outbox: order per room, no row lost, none doubled."""

import asyncio
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from bot.ports import EndPoll, InviteUser, JoinRoom, Message, Say, SendChart, SendFile, StartPoll
from bot.store import outbox
from tests import new_store
from tests.waiting import due

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)


async def test_messages_come_back_as_they_went_in(tmp_path: Path) -> None:
    database = await new_store.opened(tmp_path / "x.db")
    messages: list[Message] = [
        Say("*hello*", ("@a:x",), "$1", None, aloud=True),
        StartPoll("Where?", (("1", "Park"), ("2", "Hall")), 2, open=False),
        EndPoll("P1.start", "done"),
        SendFile("a.txt", "# ü"),
        SendChart(
            "P1: Where?", (("Park", "3", 750), ("Hall", "0", 0)), "P1: Park 3, Hall 0.", ("3 voted.",), "□"
        ),
        JoinRoom(("x", "y")),
        InviteUser("@b:x"),
    ]
    async with database.transaction("t") as tx:
        for number, message in enumerate(messages):
            await outbox.queue(tx, NOW, f"!{number}", message)
    async with database.transaction("t") as tx:
        assert [row.message for row in await due(tx, NOW)] == messages
    await database.close()


async def test_the_same_transaction_id_is_queued_once(tmp_path: Path) -> None:
    database = await new_store.opened(tmp_path / "x.db")
    async with database.transaction("t") as tx:
        for _ in range(2):
            await outbox.queue(tx, NOW, "!a", Say("x"), txn_id="S4.v1.!a")
        assert await outbox.counts(tx) == {"waiting": 1}
    await database.close()


async def test_an_echo_settles_a_row_and_the_first_event_id_counts(tmp_path: Path) -> None:
    database = await new_store.opened(tmp_path / "x.db")
    async with database.transaction("t") as tx:
        txn_id = await outbox.queue(tx, NOW, "!a", Say("x"), about="P3")
        await outbox.mark_echoed(tx, txn_id, "$first", NOW)
        [row] = await tx.all("SELECT id FROM outbox")
        await outbox.mark_sent(tx, row["id"], NOW, "$second")
        assert await outbox.about_event(tx, "!a", "$first") == "P3"
        assert await outbox.about_event(tx, "!b", "$first") is None
        assert await due(tx, NOW) == []
    await database.close()


async def test_a_row_put_first_goes_before_all_others(tmp_path: Path) -> None:
    database = await new_store.opened(tmp_path / "x.db")
    async with database.transaction("t") as tx:
        await outbox.queue(tx, NOW, "!a", Say("old"))
        await outbox.queue(tx, NOW, "!a", JoinRoom())
        await outbox.first(tx, "!a")
        assert [row.message for row in await due(tx, NOW)] == [JoinRoom()]
    await database.close()


async def test_what_was_said_is_not_kept(tmp_path: Path) -> None:
    database = await new_store.opened(tmp_path / "x.db")
    async with database.transaction("t") as tx:
        for number, end in enumerate(("sent", "echoed", "cancelled")):
            await outbox.queue(tx, NOW, f"!{number}", Say("the words"), txn_id=end)
        [row, *_] = await due(tx, NOW)
        await outbox.mark_sent(tx, row.id, NOW, "$1")
        await outbox.mark_echoed(tx, "echoed", "$2", NOW)
        assert await outbox.cancel(tx, "cancelled")
        assert [row["payload"] for row in await tx.all("SELECT payload FROM outbox")] == ["", "", ""]
        found = await outbox.find(tx, "sent")
        assert found is not None
        assert (found.state, found.event_id) == ("sent", "$1")
    await database.close()


async def test_the_first_rows_of_a_few_rooms_are_those_among_all(tmp_path: Path) -> None:
    database = await new_store.opened(tmp_path / "x.db")
    async with database.transaction("t") as tx:
        for number in range(8):
            await outbox.queue(tx, NOW, f"!{number % 4}", Say("x"), txn_id=f"t{number}")
        await outbox.mark_sent(tx, (await outbox.heads(tx, NOW))[2].id, NOW, "$1")
        heads = await outbox.heads(tx, NOW)
        few = await outbox.heads(tx, NOW, ["!2", "!1", "!9", "!1"])
        none = await outbox.heads(tx, NOW, [])
    await database.close()
    assert [head.room_id for head in heads] == ["!0", "!1", "!3", "!2"]
    assert few == [head for head in heads if head.room_id in ("!1", "!2")]
    assert none == []


async def test_finding_the_first_rows_of_a_few_rooms_costs_the_same_however_much_waits(
    tmp_path: Path,
) -> None:
    database = await new_store.opened(tmp_path / "x.db")
    steps: list[int] = []
    async with database.transaction("t") as tx:
        for busy in (10, 40):
            for number in range(busy):
                await outbox.queue(tx, NOW, f"!{number}", Say("x"))
                await outbox.queue(tx, NOW, "!0", Say("x"))
            steps.append(0)

            def count() -> int:
                steps[-1] += 1
                return 0

            tx._connection.set_progress_handler(count, 1)
            await outbox.heads(tx, NOW, ["!0", "!1"])
            tx._connection.set_progress_handler(None, 1)
    await database.close()
    assert steps[0] == steps[1]


class Outbox(RuleBasedStateMachine):
    """Rows are queued, tried, put off, failed and echoed in any order; the model keeps what should be true."""

    rooms = st.sampled_from(["!a", "!b", "!c"])

    def __init__(self) -> None:
        super().__init__()
        self.loop = asyncio.new_event_loop()
        self.folder = TemporaryDirectory()
        self.database = self.loop.run_until_complete(new_store.opened(Path(self.folder.name) / "x.db"))
        self.queued: dict[str, list[str]] = {}
        self.settled: dict[str, list[str]] = {}
        self.now = NOW
        self.number = 0

    @rule(room=rooms)
    def queue(self, room: str) -> None:
        self.number += 1
        txn_id = f"t{self.number}"
        self.queued.setdefault(room, []).append(txn_id)

        async def act() -> None:
            async with self.database.transaction("q") as tx:
                await outbox.queue(tx, self.now, room, Say(txn_id), txn_id=txn_id)

        self.loop.run_until_complete(act())

    @rule(how=st.sampled_from(["sent", "failed", "later", "echo", "cancel"]), busy=st.sets(rooms, max_size=2))
    def work(self, how: str, busy: set[str]) -> None:
        async def act() -> None:
            async with self.database.transaction("w") as tx:
                for row in await due(tx, self.now, busy):
                    assert row.room_id not in busy
                    match how:
                        case "sent":
                            await outbox.mark_sent(tx, row.id, self.now, f"${row.txn_id}")
                        case "failed":
                            await outbox.settle(tx, [outbox.Failed(row.id, "no")])
                        case "later":
                            await outbox.settle(
                                tx, [outbox.PutOff(row.id, self.now + timedelta(minutes=5), "later")]
                            )
                        case "echo":
                            await outbox.mark_echoed(tx, row.txn_id, f"${row.txn_id}", self.now)
                        case _:
                            assert await outbox.cancel(tx, row.txn_id)
                            assert not await outbox.cancel(tx, row.txn_id)
                    if how != "later":
                        self.settled.setdefault(row.room_id, []).append(row.txn_id)

        self.loop.run_until_complete(act())

    @rule(minutes=st.integers(1, 10))
    def wait(self, minutes: int) -> None:
        self.now += timedelta(minutes=minutes)

    @invariant()
    def rows_are_settled_in_the_order_they_were_queued_each_once(self) -> None:
        for room, settled in self.settled.items():
            assert settled == self.queued[room][: len(settled)]

    @invariant()
    def no_row_is_lost(self) -> None:
        async def look() -> int:
            async with self.database.transaction("l") as tx:
                return sum((await outbox.counts(tx)).values())

        assert self.loop.run_until_complete(look()) == sum(map(len, self.queued.values()))

    def teardown(self) -> None:
        self.loop.run_until_complete(self.database.close())
        self.loop.close()
        self.folder.cleanup()


TestOutbox = Outbox.TestCase
TestOutbox.settings = settings(max_examples=25, stateful_step_count=25, deadline=None, derandomize=True)
