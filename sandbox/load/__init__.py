"""Load: a federation whose people command things with effects, what kills the bot meanwhile, and the count after it."""
