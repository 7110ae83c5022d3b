"""A federation played in front of the reader, by real clients on a real server."""
