"""Chats on paper: the dispatcher on a real store with a fixed clock."""
