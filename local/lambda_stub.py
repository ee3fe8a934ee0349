"""The process the emulator starts for a function: it asks the nursery for the real one.

It runs in a bare interpreter, so it stays small. It lives exactly as long as the environment it
stands for: the emulator may end it, and it ends when its environment does.
"""

import json
import os
import socket
import sys

STDOUT, STDERR = 1, 2


def main() -> int:
    """Hand this process's settings and output to the nursery; this will wait until the end."""
    hidden = {*os.environ["LOCAL_HIDDEN"].split(), "LOCAL_HIDDEN"}
    settings = {name: value for name, value in os.environ.items() if name not in hidden}
    with socket.socket(socket.AF_UNIX) as nursery:
        nursery.connect(os.environ["LOCAL_NURSERY"])
        socket.send_fds(nursery, [b"\0"], [STDOUT, STDERR])
        order = {"folders": sys.argv[1:], "settings": settings}
        nursery.sendall(json.dumps(order).encode() + b"\n")
        status = nursery.recv(1)
    return status[0] if status else 1


if __name__ == "__main__":
    sys.exit(main())
