"""Spokesbot: the clerical half of a federation of small groups, inside their encrypted Matrix rooms."""

__version__ = "0.1.0"
