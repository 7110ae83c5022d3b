"""The command framework: turns a line of chat into a typed call. It knows no topic."""
