"""Refuse libraries that this program was not tested with.

Rule: the adapter overrides parts of nio that are not its public API, so another version may lose people's
messages without any error; only the versions named here are used.
"""

from importlib.metadata import PackageNotFoundError, version

from bot.domain.errors import StartError

TESTED = {"matrix-nio": "0.26.0", "vodozemac": "0.10.0"}


def check() -> None:
    """Compare what is installed with what was tested.

    Raises:
        StartError: Something else is installed.
    """
    for name, tested in TESTED.items():
        try:
            installed = version(name)
        except PackageNotFoundError:
            installed = "missing"
        if installed != tested:
            raise StartError(
                f"{name} {installed} is not the version this program was tested with:"
                f" install it with `pip install {name}=={tested}`."
            )
