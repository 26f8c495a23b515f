"""Runs a command on a terminal of its own: COLUMNS ROWS COUNT (AWAITED KEYS)... COMMAND...

COUNT times: waits until AWAITED is shown, and types KEYS. The KEYS `GET` ask for /health at the last
address that was shown, and show the status of the answer. Copies what the command shows until it ends.
Exits with the command's code, 128 and its number where a signal ended it.
"""

import fcntl
import os
import pty
import re
import struct
import sys
import termios
import urllib.request

columns, rows, count = map(int, sys.argv[1:4])
steps = [sys.argv[at : at + 2] for at in range(4, 4 + 2 * count, 2)]
command = sys.argv[4 + 2 * count :]
child, terminal = pty.fork()
if child == 0:
    # The size is set before anything is drawn: the parent's call could come too late.
    fcntl.ioctl(0, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
    os.execvp(command[0], command)


def get():
    address = re.findall(rb"http://[0-9.:]+", shown)[-1].decode()
    with urllib.request.urlopen(address + "/health", timeout=10) as answer:
        return f"HTTP {answer.status}\n".encode()


shown = b""
while True:
    try:
        part = os.read(terminal, 65536)
    except OSError:
        break
    if not part:
        break
    shown += part
    while steps and steps[0][0].encode() in shown:
        keys = steps.pop(0)[1]
        if keys == "GET":
            shown += get()
        else:
            os.write(terminal, keys.encode().decode("unicode_escape").encode())
sys.stdout.buffer.write(shown)
sys.stdout.flush()
_, status = os.waitpid(child, 0)
sys.exit(os.waitstatus_to_exitcode(status) % 256)
