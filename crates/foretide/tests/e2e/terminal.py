"""Runs a command on a terminal of its own: COLUMNS ROWS AWAITED KEYS COMMAND...

Waits until AWAITED is shown, types KEYS, and copies what the command shows until it ends. Exits
with the command's code, 128 and its number where a signal ended it.
"""

import fcntl
import os
import pty
import struct
import sys
import termios

columns, rows, awaited, keys = int(sys.argv[1]), int(sys.argv[2]), sys.argv[3], sys.argv[4]
child, terminal = pty.fork()
if child == 0:
    # The size is set before anything is drawn: the parent's call could come too late.
    fcntl.ioctl(0, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
    os.execvp(sys.argv[5], sys.argv[5:])
shown = b""
typed = False
while True:
    try:
        part = os.read(terminal, 65536)
    except OSError:
        break
    if not part:
        break
    shown += part
    if not typed and awaited.encode() in shown:
        os.write(terminal, keys.encode().decode("unicode_escape").encode())
        typed = True
sys.stdout.buffer.write(shown)
sys.stdout.flush()
_, status = os.waitpid(child, 0)
sys.exit(os.waitstatus_to_exitcode(status) % 256)
