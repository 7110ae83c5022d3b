"""What people type, made from the registry: right, nearly right, and wrong in every way."""

from __future__ import annotations

from functools import cache

from hypothesis import strategies as st

from bot.commanding.discover import discover
from bot.commanding.registry import Registry
from bot.commanding.spec import Spec
from tests.fuzz.hostile import TRICKS, words

IDS = [
    "P1",
    "p1",
    "P2",
    "#P1",
    "P1.",
    "S1",
    "s1",
    "S2",
    "J1",
    "J2",
    "P0",
    "P999999",
    "P1234567",
    "X1",
    "Z9",
    "P١",
    "P",
    "1",
]
PEOPLE = ["@ana:test", "@di:test", "Ana", "@Ben", "cy", "@cy", "[Ana](https://matrix.to/#/@ana:test)", "@nobody:test", "Di:", "@spokesbot:test", "me"]  # fmt: skip
DATES = [
    "18:00", "Fri 18:00", "27 Nov", "27.11.", "2026-12-01 10:00", "in 2h", "in 3 days", "tomorrow", "yesterday", "31 Feb", "29 Feb 9:00", "0:00",
    "24:00", "25:61", "6pm", "in 0h", "in 9999w", "in 9999 weeks and 9999 weeks", "9999-12-31", "1 Jan 0001", "29 Mar 2027 01:30", "Fri", "noon", "in an hour", "²:٣0",
]  # fmt: skip
SETTINGS = [
    "timezone", "timezone Europe/London", "timezone Mars/Base", "timezone ../../etc/passwd", "term 3 weeks", "term 0 days", "term 9999999 weeks", "language en",
    "language xx", "quiet 22:00-7:00", "quiet none", "hour 25:00", "hour = 9:00", "prefix !", "term ² weeks", "nothing x",
]  # fmt: skip
ANSWERS = ["1", "2", "1 2", "1, 2", "1 and 2", "Park", "library", "none", "0", "21", "99999999", "#1", "1.", "②", "²", "١", "Park, Library", "1;;2", "or", "2 > 1", "2=1>3", "1=5 2=3", "1=6", "Park > Library", "Park: 5", "all"]  # fmt: skip
CODES = ["K7F-2QX", "k7f2qx", "K7F 2QX", "AAA-AAA", "-"]
PARTS = ["Where?", "Park | Library", "Park\nLibrary", "A | A", "Yes | yes", "1 | 2", "| A | B", "A || B", "closes=Fri 18:00", "multi=2", "multi=²", "hide", "close=x", "closes=", "=", "to=Oak", "to=pods", "type=rank", "type=score", "type=yesno", "type=meeting", "type=²", "type: rank", "Fri 18:00 | Sat 11:00", "multi=99", "multi=-1"]  # fmt: skip
TALK = ["ok", "Ok!", "ok S1", "ok J1", "accept", "pass", "accept P1", "yes", "thanks", "1", "2.", "99", "Park", "hello", "next", "!", "!!", "! help", "!help !", "!?", "spokesbot !", "spokesbot: ", "spokesbot: help", "@spokesbot:test", "@spokesbot:test !", "@spokesbot:test: !status", "spokesbot, ok"]  # fmt: skip

_values = st.one_of(*(st.sampled_from(pool) for pool in (IDS, PEOPLE, DATES, SETTINGS, ANSWERS, CODES, PARTS, TRICKS)), words)  # fmt: skip
_OF = {"id": IDS, "who": PEOPLE, "closes": DATES, "key": SETTINGS, "answer": ANSWERS, "code": CODES, "name": ["Willow", "Oak", "W|x", "Ünï 2", "x" * 200]}  # fmt: skip
_gaps = st.sampled_from([" ", " ", " ", "  ", " | ", "|", "\n", "\t", "\u00a0", ""])


@cache
def registry() -> Registry:
    """Return every command there is."""
    return discover()


@st.composite
def command(draw: st.DrawFn) -> str:
    """Return a line that begins with a command."""
    spec: Spec = draw(st.sampled_from(registry().commands))
    if draw(st.integers(0, 4)) == 0:
        return spec.example
    name = " ".join(draw(st.sampled_from([spec.words, *spec.aliases])))
    line = draw(st.sampled_from(["!", "!", "!", "! ", "", "spokesbot: ", "@spokesbot:test "])) + draw(
        st.sampled_from([name, name, name.upper(), name.replace("o", "0"), name[:-1]])
    )
    for parameter in spec.parameters:
        for _ in range(draw(st.integers(0, 3 if parameter.is_list else 1))):
            value = draw(st.one_of(st.sampled_from(_OF[parameter.label]), _values) if parameter.label in _OF else _values)  # fmt: skip
            line += draw(_gaps) + (f"{parameter.label}={value}" if parameter.is_option else value)
    if draw(st.integers(0, 3)) == 0:
        line += draw(_gaps) + draw(_values)
    return line


@st.composite
def spoilt(draw: st.DrawFn) -> str:
    """Return a line with a few characters put in, taken out or doubled."""
    line = draw(command())
    for _ in range(draw(st.integers(1, 3))):
        at = draw(st.integers(0, len(line)))
        line = line[:at] + draw(st.sampled_from([*TRICKS, "", line[at : at + 3] * 2])) + line[at + draw(st.integers(0, 2)) :]  # fmt: skip
    return line


lines = st.one_of(
    command(), command(), spoilt(), st.sampled_from(TALK), _values, words.map(lambda text: f"!{text}")
)
"""Any line anybody may say."""
