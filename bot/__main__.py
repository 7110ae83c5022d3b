"""Run the operator's program with `python -m bot`.

Rule: the same program as the `spokesbot` script, nothing else.
"""

import sys

from bot.cli import main

sys.exit(main())
