"""The whole bot on a real Synapse."""
