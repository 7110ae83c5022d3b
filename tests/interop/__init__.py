"""The engine of the apps people use, and an old client."""
