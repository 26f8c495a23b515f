"""Packs a folder as the layer of an image, so that the same files give the same bytes.

    layer.py FOLDER SECONDS > LAYER

Files belong to root, those below var/lib/foretide to the image's account. Every file has the time
SECONDS after the epoch. A tar of the standard library in sorted order, without the owners' names.
"""

import pathlib
import sys
import tarfile

NONROOT = 65532
STATE = pathlib.PurePosixPath("var/lib/foretide")


def main() -> None:
    folder, seconds = pathlib.Path(sys.argv[1]), int(sys.argv[2])
    with tarfile.open(fileobj=sys.stdout.buffer, mode="w|", format=tarfile.PAX_FORMAT) as layer:
        for path in sorted(folder.rglob("*")):
            name = path.relative_to(folder)
            entry = layer.gettarinfo(path, arcname=name.as_posix())
            is_state = STATE == name or STATE in name.parents
            entry.uid = entry.gid = NONROOT if is_state else 0
            entry.uname = entry.gname = ""
            entry.mtime = seconds
            if entry.isreg():
                with path.open("rb") as file:
                    layer.addfile(entry, file)
            else:
                layer.addfile(entry)


main()
