"""Compares what an OCI archive says of itself with the Dockerfile, and looks at its files.

    image.py ARCHIVE DOCKERFILE
"""

import gzip
import io
import json
import pathlib
import re
import shlex
import sys
import tarfile


def main() -> None:
    archive, dockerfile = sys.argv[1:]
    with tarfile.open(archive) as tar:
        blobs = {m.name: tar.extractfile(m).read() for m in tar if m.isreg()}

    def blob(descriptor: dict) -> bytes:
        return blobs["blobs/" + descriptor["digest"].replace(":", "/")]

    manifests = json.loads(blobs["index.json"])["manifests"]
    assert len(manifests) == 1, manifests
    manifest = json.loads(blob(manifests[0]))
    image = json.loads(blob(manifest["config"]))
    assert len(blobs) == len(manifest["layers"]) + 4, sorted(blobs)
    assert image["os"] == "linux" and image["architecture"] in ("amd64", "arm64"), image

    # The last stage of the Dockerfile.
    said: dict[str, list[str]] = {}
    for line in open(dockerfile).read().rpartition("\nFROM ")[2].splitlines():
        found = re.match(r"(USER|WORKDIR|VOLUME|ENV|EXPOSE|ENTRYPOINT|CMD) (.*)", line)
        if found:
            words = found[2]
            said[found[1]] = json.loads(words) if words.startswith("[") else shlex.split(words)
    config = image["config"]
    path = [entry for entry in config["Env"] if not entry.startswith(("PATH=", "HOME="))]
    has = {
        "USER": [config["User"]],
        "WORKDIR": [config["WorkingDir"]],
        "VOLUME": list(config["Volumes"]),
        "ENV": path,
        "EXPOSE": list(config["ExposedPorts"]),
        "ENTRYPOINT": config["Entrypoint"],
        "CMD": config["Cmd"],
    }
    assert said == has, f"the Dockerfile says {said}, the image says {has}"

    files = {}
    authorities = b""
    for layer in manifest["layers"]:
        with tarfile.open(fileobj=io.BytesIO(gzip.decompress(blob(layer)))) as tar:
            for entry in tar:
                files[entry.name] = entry
                if entry.name == "etc/ssl/certs/ca-certificates.crt":
                    authorities = tar.extractfile(entry).read()
    # Debian's package, and no authority that the machine has added.
    own = pathlib.Path("/usr/share/ca-certificates/mozilla").glob("*.crt")
    wanted = {path.read_bytes().strip() for path in own}
    end = b"-----END CERTIFICATE-----"
    has = {c.strip() + b"\n" + end for c in authorities.split(b"\n" + end)[:-1]}
    assert len(has) > 100 and has == wanted, f"{len(has)} authorities, not Debian's {len(wanted)}"
    programs = [
        name
        for name, entry in files.items()
        if entry.isreg() and entry.mode & 0o111 and not name.startswith(("lib/", "lib64/"))
    ]
    assert programs == ["usr/bin/foretide"], programs
    writable = [n for n, e in files.items() if e.mode & 0o022 and n != "tmp"]
    assert not writable, writable
    assert not [n for n, e in files.items() if e.mode & 0o6000], "a file with set-user-ID"
    owned = [name for name, entry in files.items() if entry.uid != 0]
    assert owned == ["var/lib/foretide"], owned
    times = {entry.mtime for entry in files.values()}
    assert len(times) == 1, times


main()
