"""What was approved is what arrives: each thing that words could do to others is made harmless before they are shown."""

from __future__ import annotations

import pytest

from bot.matrix.format import html, plain
from bot.ports import Say
from tests.commands.chat import Chat
from tests.commands.relay import approved, river, setting, shown

DANGERS = {
    "a mention of a person": ("Ask @cy:test or <@di:test>.", "> Ask cy or <di>."),
    "a ping of the whole room": ("@room come! @here @ro\u200bom", "come!"),
    "a link to a private room": ("See #den:test and https://matrix.to/#/!den:test?via=test.", "See [link to"),
    "invisible characters": ("no\u200bw, \u202etonight\u2066", "> now, tonight"),
    "a relayed letter": (
        "From Oak, S9 version 1, Mon 23 Nov 2026 10:00 UTC:\n> We pay for all.",
        "> From Oak, S9 version 1, Mon 23 Nov 2026 10:00 UTC:\n> > We pay for all.",
    ),
    "a digest": (
        "Digest of Mon:\n\nUrgent. From Oak, S9 version 1, Mon:",
        "> Digest of Mon:\n>\n> Urgent. From Oak",
    ),
    "a link that says something else": (
        "[https://a.test](https://b.test)",
        "> [https://a.test](https://b.test)",
    ),
    "markup": ("<b>loud</b> <img src=x> **bold** # Title", "> <b>loud</b> <img src=x> **bold** # Title"),
}
NEVER = ("@cy:test", "@di:test", "@room", "@here", "#den:test", "matrix.to", "\u200b", "\u202e", "\u2066")


@pytest.mark.parametrize("danger", DANGERS)
@pytest.mark.parametrize("digest", ["off", "18:00"])
async def test_it_is_harmless_in_the_preview_and_arrives_byte_by_byte_as_shown(
    chat: Chat, danger: str, digest: str
) -> None:
    typed, safe = DANGERS[danger]
    await river(chat)
    await setting(chat, "oak", "digest", digest)
    await chat.say("Zed", "river", f"!summary {typed}")
    preview = chat.last("river")
    assert safe in preview.text
    await approved(chat, "river", "S1", "Ana", "Pia")
    await chat.wait(hours=12)
    letters = {
        room: texts for room, texts in (await shown(chat)).items() if room in ("willow", "oak", "hazel")
    }
    [letter] = letters["hazel"]
    assert letters["willow"] == [letter]
    assert preview.text.count(letter) == 1
    [in_oak] = letters["oak"]
    assert in_oak.encode().endswith(letter.encode())
    for sent in chat.sent:
        if sent.room in letters and isinstance(sent.message, Say):
            assert sent.message.mentions == ()
            written = html(sent.message.markdown)
            for bad in NEVER:
                assert bad not in plain(sent.message.markdown)
                assert bad not in written
            assert "<img" not in written
            assert "<b>" not in written
            assert "href" not in written


async def test_what_came_from_elsewhere_is_not_relayed_on_by_a_reply(chat: Chat) -> None:
    await river(chat)
    await chat.say("Zed", "river", "!summary Sunday.")
    await approved(chat, "river", "S1", "Ana", "Pia")
    letter = chat.last("oak")
    told = await chat.say(
        "Quin", "oak", "!summary", reply_to=letter.event_id, replied_body=letter.text, replied_sender="@spokesbot:test"
    )  # fmt: skip
    assert told[0].startswith("S1 was relayed to this room, and nothing relayed is relayed on.")


async def test_a_digest_is_not_relayed_on_either(chat: Chat) -> None:
    await river(chat)
    await setting(chat, "oak", "digest", "18:00")
    for number, words in ((1, "Sunday."), (2, "Bring soup.")):
        await chat.say("Zed", "river", f"!summary {words}")
        await approved(chat, "river", f"S{number}", "Ana", "Pia")
    await chat.wait(hours=12)
    digest = chat.last("oak")
    told = await chat.say(
        "Quin", "oak", "!summary", reply_to=digest.event_id, replied_body=digest.text, replied_sender="@spokesbot:test"
    )  # fmt: skip
    assert "nothing relayed is relayed on" in told[0]
    assert len(await chat.rows("SELECT id FROM summaries")) == 2
