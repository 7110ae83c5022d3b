"""The page on the rotation tells the truth about the simulation."""

from sandbox.rotation import printed, simulate
from tests.docs.pages import ROOT

PAGE = (ROOT / "docs" / "rotation.md").read_text("utf-8")


def test_the_figures_on_the_page_are_those_of_the_simulation() -> None:
    figures = simulate(pods=200, years=5, seed=1)
    assert "\n".join(printed(figures)) in PAGE
    assert figures.most_changed == 1
    assert max(map(abs, figures.larger)) < 2


def test_another_seed_gives_other_figures_and_the_same_truths() -> None:
    figures = simulate(pods=40, years=3, seed=7)
    assert simulate(pods=8, years=2, seed=7) != simulate(pods=8, years=2, seed=8)
    assert simulate(pods=8, years=2, seed=7) == simulate(pods=8, years=2, seed=7)
    assert figures.most_changed == 1
    assert sum(abs(value) <= 1 for value in figures.larger) / len(figures.larger) > 0.95
