"""Notice from outside for how long the bot's loop does not turn.

Rule: the bot knows nothing of it. Its control socket refuses a word it does not know in one turn of its loop, so the
time until it has refused is how long the loop was busy. Asked twenty times a second, which costs the bot about a
hundredth of its time while it works.
"""

from __future__ import annotations

import socket
import threading
import time
from pathlib import Path

EVERY = 0.05
"""Seconds between two questions; a block may be longer by so much than it is seen."""
_QUESTION = b'{"op": "is anybody there"}\n'


class LoopWatch:
    """Asks again and again, in a thread of its own, so that our own loop is not what is measured.

    Args:
        path: The bot's control socket.
    """

    def __init__(self, path: Path) -> None:
        self._path = str(path)
        self._longest = 0.0
        self._stopped = threading.Event()
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Begin; before the socket is there nothing is asked."""
        self._stopped.clear()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """End, at the latest with the bot itself."""
        self._stopped.set()

    def take(self) -> float:
        """Return the longest time since the last call, in seconds."""
        longest, self._longest = self._longest, 0.0
        return longest

    def _run(self) -> None:
        while not self._stopped.wait(EVERY):
            began = time.perf_counter()
            try:
                with socket.socket(socket.AF_UNIX) as asking:
                    asking.connect(self._path)
                    asking.sendall(_QUESTION)
                    asking.recv(4096)
            except OSError:
                continue  # it is not there yet, or no more
            if not self._stopped.is_set():
                self._longest = max(self._longest, time.perf_counter() - began)
