"""Runs a module as a part of the local stack: it ends when the process that started it ends.

The starter holds the other end of this process's standard input. That end closes however the
starter dies, so nothing of the stack outlives it.
"""

import os
import runpy
import signal
import sys
import threading


def end_with_starter() -> None:
    """Watch standard input; its end will stop this process as a SIGTERM would."""
    os.read(0, 1)
    os.kill(os.getpid(), signal.SIGTERM)


if __name__ == "__main__":
    threading.Thread(target=end_with_starter, daemon=True).start()
    del sys.argv[0]
    runpy.run_module(sys.argv[0], run_name="__main__", alter_sys=True)
