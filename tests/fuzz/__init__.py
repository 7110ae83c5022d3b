"""Hostile input, generated: what people type, what servers answer, what members' apps send."""
