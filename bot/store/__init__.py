"""One SQLite file: everything the bot knows, is about to say, and has still to do."""
