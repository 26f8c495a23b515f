"""A pytest plugin: moto's tests of Auto Scaling and CloudWatch against `foretide emulator`.

moto mocks all other services in the process, as always. Each test gets an emulator of its own.
`reasons.txt` says which tests do not apply, and which ones differ and why: a test that differs has
to fail, so that the list stays true. A part of a test's id that ends with `$` is the id's end.
"""

import os
import pathlib
import subprocess

import pytest

HERE = pathlib.Path(__file__).parent
BINARY = os.environ["FORETIDE"]


def _reasons():
    """Pairs of (part of a test's id, kind, reason), the kind being `n/a` or `differs`."""
    found = []
    for line in (HERE / "reasons.txt").read_text().splitlines():
        if line and not line.startswith("#"):
            part, kind, reason = (field.strip() for field in line.split("|", 2))
            found.append((part, kind, reason))
    return found


class Emulator:
    """One emulator on a free port."""

    def __init__(self, scenario):
        self.process = subprocess.Popen(
            [BINARY, "emulator", "--listen", "127.0.0.1:0", "--scenario", HERE / scenario],
            stdout=subprocess.PIPE,
            text=True,
        )
        self.url = self.process.stdout.readline().removeprefix("listening on ").strip()
        os.environ["AWS_ENDPOINT_URL_AUTO_SCALING"] = self.url
        os.environ["AWS_ENDPOINT_URL_CLOUDWATCH"] = self.url

    def stop(self):
        self.process.kill()
        self.process.wait()


def pytest_configure(config):
    from moto.core.config import default_user_config

    config.addinivalue_line("markers", "aws_verified: moto ran the test against AWS")
    through = {"urls": [r"http://127\.0\.0\.1.*"], "services": []}
    default_user_config["core"]["passthrough"] = through


def pytest_collection_modifyitems(items):
    reasons = _reasons()
    used = set()
    for item in items:
        for part, kind, reason in reasons:
            if part in item.nodeid + "$":
                used.add(part)
                if kind == "n/a":
                    item.add_marker(pytest.mark.skip(reason=reason))
                else:
                    item.add_marker(pytest.mark.xfail(strict=True, reason=reason))
                break
    unused = {part for part, _, _ in reasons} - used
    if unused and os.environ.get("FORETIDE_MOTO_ALL"):
        raise pytest.UsageError(f"reasons.txt names tests that are not there: {sorted(unused)}")


@pytest.fixture(autouse=True)
def emulator(request):
    # moto schedules actions of groups that do not exist. AWS and the emulator refuse that.
    scheduled = "scheduledactions" in request.node.nodeid
    running = Emulator("scheduled.toml" if scheduled else "created.toml")
    yield running
    running.stop()
