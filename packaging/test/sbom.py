"""Compares an SBOM with what cargo links into the binary.

    sbom.py FILE
"""

import json
import subprocess
import sys


def main() -> None:
    with open(sys.argv[1]) as file:
        bom = json.load(file)
    assert bom["bomFormat"] == "CycloneDX", bom
    assert bom["metadata"]["component"]["name"] == "foretide", bom["metadata"]
    listed = {(c["name"], c["version"]) for c in bom["components"]}
    tree = subprocess.check_output(
        "cargo tree --locked --offline --package foretide --edges normal --prefix none".split(),
        text=True,
    )
    linked = set()
    for line in tree.splitlines():
        words = line.split()
        if words and not words[0].startswith("foretide"):
            linked.add((words[0], words[1].removeprefix("v")))
    assert len(linked) > 100, linked
    assert not linked - listed, f"not in the SBOM: {sorted(linked - listed)}"
    foreign = [name for name, _ in listed if name.startswith("windows")]
    assert not foreign, f"of another system: {foreign}"
    bare = [c["name"] for c in bom["components"] if not c.get("licenses")]
    assert not bare, f"without a licence: {bare}"
    print(f"{len(listed)} components, {len(linked)} of them linked")


main()
