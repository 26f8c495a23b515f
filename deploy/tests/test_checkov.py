"""checkov over everything that is deployed. An exception stands, with its reason, where it applies."""

import json
import re
import subprocess

import pytest
from conftest import ROOT, TARGET, missing

PLACES = {
    "module": ["--directory", "deploy/terraform", "--framework", "terraform"],
    "monitor": ["--file", "deploy/cloudformation.yaml", "--framework", "cloudformation"],
    "ecs": ["--file", "deploy/ecs/cloudformation.yaml", "--framework", "cloudformation"],
}


def checkov(*arguments, cwd=ROOT):
    program = TARGET / "checkov/bin/checkov"
    if not program.exists():
        missing("checkov", "its package could not be installed here")
    done = subprocess.run(
        [program, "--quiet", "--compact", "--skip-download", "--output", "json", *arguments],
        cwd=cwd,
        capture_output=True,
        text=True,
        timeout=900,
    )
    try:
        report = json.loads(done.stdout)
    except ValueError:
        pytest.fail(done.stdout + done.stderr)
    return report[0] if isinstance(report, list) else report


@pytest.mark.parametrize("place", PLACES)
def test_checkov_finds_nothing(place):
    report = checkov(*PLACES[place])
    failed = [
        f"{check['check_id']} {check['resource']}: {check['check_name']}"
        for check in report["results"]["failed_checks"]
    ]
    assert not failed, "\n".join(failed)
    assert report["summary"]["parsing_errors"] == 0
    assert report["summary"]["passed"] > 20


def test_every_exception_has_a_reason():
    texts = [
        *(ROOT / "deploy").rglob("*.tf"),
        ROOT / "deploy/cloudformation.yaml",
        ROOT / "deploy/ecs/cloudformation.yaml",
    ]
    for path in texts:
        for line in path.read_text().splitlines():
            if "checkov:skip" in line:
                assert re.search(r"#checkov:skip=CKV2?_AWS_\d+:\w.{15}", line), f"{path}: {line}"
            if re.search(r"id: CKV", line):
                assert re.search(r'id: CKV2?_AWS_\d+, comment: "\w.{15}', line), f"{path}: {line}"


def test_checkov_would_find_a_volume_without_encryption(tmp_path):
    text = (ROOT / "deploy/terraform/main.tf").read_text()
    (tmp_path / "main.tf").write_text(text.replace("encrypted         = true", "encrypted = false"))
    report = checkov("--directory", str(tmp_path), "--framework", "terraform", cwd=tmp_path)
    assert "CKV_AWS_3" in {check["check_id"] for check in report["results"]["failed_checks"]}
