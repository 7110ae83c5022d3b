"""Write the pages of all stories anew, or of those named."""

import asyncio
import sys

from tests.docs.stories.telling import FOLDER, load, page


def main(names: list[str]) -> None:
    """Write pages.

    Args:
        names: Of the stories; none for all.
    """
    for name in names or load():
        (FOLDER / f"{name}.md").write_text(asyncio.run(page(name)), encoding="utf-8")


if __name__ == "__main__":
    load()
    main(sys.argv[1:])
