"""Takes the software bill of materials out of a wheel, where maturin puts it.

    sbom.py WHEEL CHECKOUT > FILE

The crates of this workspace are named by their folder; CHECKOUT, where they lie, is left out of it.
"""

import json
import sys
import zipfile


def main() -> None:
    wheel, checkout = sys.argv[1:]
    with zipfile.ZipFile(wheel) as archive:
        (name,) = [n for n in archive.namelist() if n.endswith("/sboms/foretide.cyclonedx.json")]
        text = archive.read(name).decode()
    text = text.replace(f"path+file://{checkout}/", "path+file:///foretide/")
    assert checkout not in text, f"{checkout} is named in the SBOM"
    json.dump(json.loads(text), sys.stdout, indent=1, ensure_ascii=False)
    print()


main()
