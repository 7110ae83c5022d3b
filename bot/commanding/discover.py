"""Finds every module in `commands/`. Rule: a new file there is all that a new topic needs."""

import importlib
import pkgutil
from collections import Counter

from bot.commanding.registry import Registry


def discover(package: str = "commands") -> Registry:
    """Import all modules of a package and return what they declare.

    Raises:
        ValueError: Two commands have the same name.
    """
    registry = Registry()
    home = importlib.import_module(package)
    for module in sorted(pkgutil.iter_modules(home.__path__), key=lambda found: found.name):
        registry.add(importlib.import_module(f"{package}.{module.name}"))
    names = [name for spec in registry.commands for name in (spec.words, *spec.aliases)]
    twice = {name for name, count in Counter(names).items() if count > 1}
    if twice:
        raise ValueError(f"commands declared twice: {sorted(twice)}")
    return registry
