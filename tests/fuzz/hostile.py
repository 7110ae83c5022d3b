"""Words that people, apps and servers should never send, and sooner or later do."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

Json = Any

TRICKS = [
    "", " ", "\n", "\t", "\r", "\x00", "\x1b[31m", "\x7f", "\x85", "\u2028", "\ud800", "\udfff", "\u202e", "\u2066", "\u200b",
    "\u200d", "\u200e", "\u061c", "\ufeff", "\U000e0041", "e\u0301\u0301", "👩‍👩‍👧", "🏳️‍🌈", "سلام", "²", "٣", "Ⅷ", "ﬀ", "İ", "ß",
    "<b>evil</b>", "<script>alert(1)</script>", "<img src=x>", "<mx-reply>evil</mx-reply>", "&lt;b&gt;", "&#64;room", "**evil**", "_evil_",
    "[evil](https://evil.test)", "<https://evil.test>", "![evil](mxc://x/y)", "`evil`", "```", "~~~", "# evil", "> evil", "- evil",
    "1. evil", "1) evil", "***", "---", "===", "\\", "\\\\", "| evil |", "{evil}", "{0}", "{", "}", "%s", "@room", "@room:test", "@everyone",
    "@ana:test", "https://matrix.to/#/@ana:test", "[Ana](https://matrix.to/#/@ana:test)", "matrix:u/ana:test", "#x:test", "$e1", "!x:test",
    "javascript:alert(1)", "https://evil.test/a_b_c?d=*e*", "'; DROP TABLE pods; --", "a" * 300, "x " * 900, "\n" * 50, "🙂" * 400,
    "=", "|", "||", "=|=", "“quoted”", "'", '"', "!", "!!", "/help", ".", "?",
]  # fmt: skip

words = st.one_of(
    st.sampled_from(TRICKS),
    st.text(st.characters(), max_size=40),
    st.lists(st.sampled_from(TRICKS), max_size=6).map("".join),
)
"""Any text, lone surrogates included."""

_leaf = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(2**70), 2**70),
    st.sampled_from([0, -1, 2**53, 2**63, 2**64, 10**400, 1e308, -0.0, 1.5, float("inf"), float("nan")]),
    words,
)


def json(*, leaf: st.SearchStrategy[Json] = _leaf, most: int = 8) -> st.SearchStrategy[Json]:
    """Return anything JSON can say, and the numbers that Python reads though JSON has none such."""
    return st.recursive(
        leaf,
        lambda inner: st.one_of(
            st.lists(inner, max_size=4), st.dictionaries(words.filter(bool), inner, max_size=4)
        ),
        max_leaves=most,
    )


_anything = json()  # made once: to make and check it takes longer than to draw from it


def deep(levels: int, kind: str = "list") -> Json:
    """Return something nested so deep that a careless reader gives up."""
    made: Json = "bottom"
    for _ in range(levels):
        made = [made] if kind == "list" else {"a": made}
    return made


@st.composite
def bent(draw: st.DrawFn, good: Json, most: int = 3) -> Json:
    """Return something well-formed with a few places changed, left out or added."""
    thing = good
    for _ in range(draw(st.integers(0, most))):
        thing = _bend(draw, thing)
    return thing


def _bend(draw: st.DrawFn, thing: Json) -> Json:
    """Change one place, a part of the whole more often than the whole."""
    if isinstance(thing, dict) and thing and draw(st.integers(0, 9)):
        key = draw(st.sampled_from(sorted(thing)))
        if draw(st.integers(0, 6)) == 0:
            return {name: part for name, part in thing.items() if name != key}
        return {**thing, key: _bend(draw, thing[key])}
    if isinstance(thing, list) and thing and draw(st.integers(0, 9)):
        at = draw(st.integers(0, len(thing) - 1))
        return [*thing[:at], _bend(draw, thing[at]), *thing[at + 1 :]]
    return draw(_anything)
