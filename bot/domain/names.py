"""What a name looks like to a person, so that two that look alike are told apart.

Rule: a name is compared as it is shown. Source: Unicode Standard Annex 15 (NFKC) and the case folding of the
Unicode Character Database; invisible characters (category Cf) are no part of what people see.
"""

import unicodedata


def skeleton(name: str) -> str:
    """Return a form that is equal for names that look the same on a screen."""
    seen = (letter for letter in unicodedata.normalize("NFKC", name) if unicodedata.category(letter) != "Cf")
    return " ".join("".join(seen).casefold().split())


def clean(text: str) -> str:
    """Return text without lone surrogates, which JSON can carry and no file or database can hold."""
    return text.encode("utf-8", "replace").decode("utf-8")
