"""The Matrix adapter on a homeserver of our own, with faults."""
