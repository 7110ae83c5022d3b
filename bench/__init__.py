"""How fast the bot is, measured beside what the server allows and beside what others do with it."""
