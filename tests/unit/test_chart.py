"""The bars as they are drawn: nothing cut off, lengths that are true, and no words that break it."""

import json
import subprocess
import sys
from io import BytesIO
from pathlib import Path

import pytest

from bot.chart import BAR, BAR_COLOUR, MARGIN, UNDRAWN, WIDTH
from bot.domain.errors import GiveUp
from bot.matrix import pictures
from bot.matrix.pictures import draw
from bot.ports import SendChart

NOTE = "3 of 4 members voted."
BLUE = tuple(bytes.fromhex(BAR_COLOUR[1:]))


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> None:
    """The plotting library, with a folder of its own for what it keeps."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("MPLCONFIGDIR", str(tmp_path_factory.mktemp("fonts")))
        import matplotlib.font_manager  # noqa: F401, PLC0415


def drawn(title: str, *bars: tuple[str, int]):  # type: ignore[no-untyped-def]
    """Return a picture as it would be seen."""
    from PIL import Image  # noqa: PLC0415

    from bot.chart import Picture  # noqa: PLC0415

    target = BytesIO()
    Picture(
        title,
        [(label, str(n), min(n * 100, 1000)) for label, n in bars],
        [NOTE],
        f"{UNDRAWN} cannot be drawn.",
    ).save(target)
    return Image.open(target).convert("RGB")


def lengths(image) -> list[int]:  # type: ignore[no-untyped-def]
    """Return the length of each bar in pixels, from the top."""
    found = []
    for top in range(0, image.height, 1):
        blue = sum(image.getpixel((x, top)) == BLUE for x in range(MARGIN + 3, WIDTH - MARGIN, 4)) * 4
        found.append(blue)
    starts = [top for top in range(1, len(found)) if found[top] > 0 and not found[top - 1]]
    return [max(found[top : top + BAR]) for top in starts]


@pytest.mark.usefixtures("library")
def test_a_bar_is_as_long_as_its_value_and_nothing_is_drawn_for_nothing() -> None:
    long, half, quarter = lengths(drawn("P1", ("Park", 8), ("Hall", 4), ("Library", 2), ("Nowhere", 0)))
    assert long == pytest.approx(2 * half, abs=8)
    assert half == pytest.approx(2 * quarter, abs=8)


HOSTILE = {
    "options of 200 letters": ("Where? " * 60, *(("W" * 200, 9 - n) for n in range(2))),
    "20 options": ("Which day?", *((f"Day {n} and more words so that a label needs two lines", n) for n in range(20))),
    "right to left": ("أين نلتقي؟", ("مكتبة الحي", 3), ("ספריה ליד הפארק 12", 2), ("\u202eabc", 1)),
    "signs without letters here": ("図書館?", ("公園の前", 2), ("🎉 👨\u200d👩\u200d👧 ❤\ufe0f 👍🏽", 1), ("\U0010ffff\U000e0041", 0)),
    "signs that mean something to a plotter": ("$x^2$ \\frac", ("$\\invalid{", 2), ("_a_ {b} %s %(c)s", 1), ("\x00\n\t", 0)),
    "accents, numbers, nothing": ("e\u0301\u0302\u0303", ("a\u0336" * 200, 123_456), ("", 0)),
}  # fmt: skip


@pytest.mark.usefixtures("library")
@pytest.mark.parametrize("name", HOSTILE)
def test_nothing_is_cut_off_and_no_warning_is_given_whatever_the_words(name: str) -> None:
    title, *bars = HOSTILE[name]
    image = drawn(title, *bars)
    assert image.width == WIDTH
    edge = MARGIN - 10
    frame = [(0, 0, edge, image.height), (image.width - edge, 0, image.width, image.height)]
    frame += [(0, image.height - edge, image.width, image.height)]
    for box in frame:
        assert [colour for _, colour in image.crop(box).getcolors()] == [(255, 255, 255)]


def test_the_library_that_draws_stays_out_of_the_bots_process() -> None:
    loaded = "import sys, bot.app, bot.chart, bot.matrix.pictures; print({'matplotlib', 'numpy', 'PIL'} & {*sys.modules})"
    asked = subprocess.run([sys.executable, "-c", loaded], capture_output=True, text=True, check=True)  # noqa: S603
    assert asked.stdout.strip() == "set()"


CHART = SendChart("P1\\, result", (("Park", "3", 1000), ("図書館", "0", 0)), "P1", (NOTE,), UNDRAWN)


async def test_a_picture_is_drawn_by_a_process_of_its_own() -> None:
    picture = await draw(CHART)
    assert picture.startswith(b"\x89PNG")
    assert b"Park" not in picture


def program(folder: Path, text: str) -> Path:
    """A stand-in for what draws."""
    path = folder / "program.py"
    path.write_text(text)
    return path


REPORT = """
import json, os, sys
asked = sys.stdin.read()
print(json.dumps([asked, sys.argv[1:], dict(os.environ), os.getcwd(), os.getsid(0) == os.getpid()]), file=open({!r}, "w"))
sys.stdout.write("no picture")
"""


async def test_what_draws_gets_the_words_on_its_input_alone_and_none_of_our_secrets(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SPOKESBOT_STORE_KEY", "secret")
    with pytest.raises(GiveUp, match="the picture could not be drawn"):
        await draw(CHART, program(tmp_path, REPORT.format(str(tmp_path / "report"))))
    asked, arguments, environment, folder, own_session = json.loads((tmp_path / "report").read_text())
    assert json.loads(asked) == {
        "title": "P1, result",
        "bars": [["Park", "3", 1000], ["図書館", "0", 0]],
        "notes": [NOTE],
        "undrawn": UNDRAWN,
    }
    assert (arguments, own_session) == ([], True)
    assert "secret" not in str(environment)
    assert environment["MPLCONFIGDIR"] == folder
    assert not Path(folder).exists()


@pytest.mark.parametrize(
    "text",
    [
        "raise SystemExit(1)",
        "",
        "print('no picture')",
        "import sys; sys.stdout.buffer.write(b'\\x89PNG\\r\\n\\x1a\\n')",
        "import os, signal; os.kill(os.getpid(), signal.SIGKILL)",
        "import sys; sys.stdin.close()",
    ],
)
async def test_what_cannot_be_drawn_is_given_up(tmp_path: Path, text: str) -> None:
    with pytest.raises(GiveUp, match="the picture could not be drawn"):
        await draw(CHART, program(tmp_path, text))


async def test_what_takes_too_long_is_ended(tmp_path: Path) -> None:
    with pytest.raises(GiveUp, match="the picture could not be drawn"):
        await draw(CHART, program(tmp_path, "import signal; signal.pause()"), longest=0.05)


async def test_a_machine_that_starts_no_more_processes_leaves_the_picture_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pictures.sys, "executable", str(tmp_path / "gone"))
    with pytest.raises(GiveUp, match="the picture could not be drawn"):
        await draw(CHART)
