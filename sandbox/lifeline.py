"""Become another program that dies with the process that started it.

Rule: nothing of the sandbox outlives its owner, not even after `kill -9` of a test run.
"""

import ctypes
import os
import signal
import sys

PR_SET_PDEATHSIG = 1


def main() -> None:
    """Ask the kernel for the signal, then turn into the program named by the arguments.

    The first argument is the owner's process id: when it has died already, there is nobody to live for. The
    request survives exec and reaches even a stopped process. Only Linux knows it; elsewhere the owner has to
    clear up itself.
    """
    owner, program = int(sys.argv[1]), sys.argv[2:]
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != owner:
        raise SystemExit(1)
    os.execv(program[0], program)  # noqa: S606 - no shell is wanted


if __name__ == "__main__":
    main()
