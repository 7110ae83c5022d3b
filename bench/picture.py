"""Draw what was measured.

Rule: told apart by place and pattern, not by colour alone; what is not reached is drawn as it is.
"""

from __future__ import annotations

from pathlib import Path

from bench.figures import Figures

COLOURS = ("#0072B2", "#E69F00", "#009E73", "#CC79A7")  # told apart by everybody (Okabe and Ito)
HATCHES = ("", "//", "..", "xx")


def draw(figures: Figures, path: Path) -> None:
    """Draw fan-out times and processor time of each contestant; needs matplotlib."""
    from matplotlib import use  # noqa: PLC0415 - for developers only

    use("Agg")
    from matplotlib import pyplot  # noqa: PLC0415

    figure, panels = pyplot.subplots(1, 3, figsize=(11, 4), layout="constrained")
    who = [name for name in figures.names if name != "raw"]
    for axes, (title, kind, of) in zip(
        panels,
        (
            ("first fan-out, × the limit", "first", "ratio"),
            ("warm fan-out, × the limit", "warm", "ratio"),
            ("bot's processor, first, ms a room", "first", "cpu"),
        ),
        strict=True,
    ):
        width = 0.8 / max(len(figures.sizes), 1)
        for number, size in enumerate(figures.sizes):
            values = [getattr(figures.get(name, size), of)(kind) or 0 for name in who]
            places = [place + (number - (len(figures.sizes) - 1) / 2) * width for place in range(len(who))]
            bars = axes.bar(
                places,
                values,
                width=width,
                color=COLOURS[number % len(COLOURS)],
                hatch=HATCHES[number % len(HATCHES)],
                edgecolor="black",
                linewidth=0.5,
                label=f"{size} rooms",
            )
            axes.bar_label(bars, labels=[f"{value:.1f}" if value else "" for value in values], fontsize=6)
        if of == "ratio":
            # the slowest are many times slower, and the differences near the limit are what matters
            axes.set_yscale("log")
            axes.set_ylim(bottom=0.5)
            axes.set_yticks((0.5, 1, 2, 5, 10, 20, 50), labels=("0.5", "1", "2", "5", "10", "20", "50"))
            axes.minorticks_off()
            axes.axhline(1, color="black", linewidth=0.8, linestyle="--")
        axes.set_title(title, fontsize=9)
        axes.set_xticks(range(len(who)), who, rotation=30, ha="right", fontsize=8)
    panels[0].legend(fontsize=7)
    figure.savefig(path, dpi=110, metadata={"Software": None})
    pyplot.close(figure)
