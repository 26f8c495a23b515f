"""The user data, run: the attach is the lock, the store survives a replacement, a new store observes."""

import hashlib
import shutil
import socket
import subprocess
import sys
from pathlib import Path
from urllib.parse import quote

import pytest
import requests
from conftest import ROOT, foretide, missing
from machine import DROP_IN, Machine, Volume, can_be_made, until

SCRIPT = ROOT / "deploy/terraform/files/user-data.sh"
TOKEN = "0123456789abcdef0123456789abcdef"
PACKAGE = b"a package"
ENFORCE = """[group.web]
mode = "enforce"
interval = "1s"
metric_delay = "0s"
"""
EMULATOR = """[[groups]]
name = "web"
demand = { constant = 480.0 }
desired = 2
max = 20
boot_s = 1
delay_s = 0
history_s = 1800
"""


def setup_script():
    text = SCRIPT.read_text()
    return text.split("<<'END_OF_SETUP'\n")[1].split("\nEND_OF_SETUP\n")[0] + "\n"


def test_shellcheck_finds_nothing(tmp_path):
    program = shutil.which("shellcheck", path=str(Path(sys.executable).parent))
    if program is None:
        missing("shellcheck", "its package could not be installed here")
    inner = tmp_path / "foretide-setup"
    inner.write_text(setup_script())
    outer = tmp_path / "user-data"
    outer.write_text("#!/bin/bash\n" + SCRIPT.read_text())
    scripts = [inner, outer, ROOT / "deploy/terraform/examples/complete/workload.sh", ROOT / "scripts/deploy-test"]
    done = subprocess.run([program, "--exclude=SC1091,SC2154", *scripts], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout


def test_the_units_are_what_systemd_takes(tmp_path):
    if shutil.which("systemd-analyze") is None:
        missing("systemd-analyze", "not on this machine")
    text = SCRIPT.read_text()
    units = []
    for part in text.split("cat > /etc/systemd/system/")[1:]:
        name, rest = part.split(" <<'END'\n")
        unit = tmp_path / name
        # The program is not here; everything else of the line is.
        unit.write_text(rest.split("\nEND\n")[0].replace("/usr/local/sbin/foretide-setup", "/bin/true") + "\n")
        units.append(unit)
    assert len(units) == 3
    (tmp_path / "auto-scaler.service").write_text("[Service]\nExecStart=/bin/true\n")
    done = subprocess.run(["systemd-analyze", "verify", "--man=no", *units], capture_output=True, text=True)
    assert done.returncode == 0 and not done.stderr, done.stderr


class Site:
    """An account with a monitor: parameters, volumes, machines, and an Auto Scaling group to look after."""

    def __init__(self, aws, folder, binary):
        self.aws, self.folder, self.binary = aws, folder, binary
        self.machines, self.volumes, self.emulator = [], [], None
        self.put("store", "none")
        self.put("v/1/config", ENFORCE)
        self.put("current", "1")
        self.put("token", TOKEN, "SecureString")

    def put(self, name, value, kind="String"):
        self.aws.client("ssm").put_parameter(
            Name=f"/foretide/foretide/{name}", Value=value, Type=kind, Overwrite=True
        )

    def get(self, name):
        return self.aws.client("ssm").get_parameter(Name=f"/foretide/foretide/{name}")["Parameter"]["Value"]

    def volume(self, content=b""):
        self.volumes.append(Volume(self.aws, self.folder, content))
        return self.volumes[-1]

    def machine(self, volume, **settings):
        folder = self.folder / f"machine-{len(self.machines)}"
        machine = Machine(self.aws, folder, self.binary, self.volumes, PACKAGE)
        self.machines.append(machine)
        settings.setdefault("PACKAGE_SHA256", hashlib.sha256(PACKAGE).hexdigest())
        machine.user_data(volume, TOKEN_PARAMETER="/foretide/foretide/token", **settings)
        return machine

    def groups(self, machine):
        """Starts the service on the machine and returns what its API says of the group, and its address."""
        if self.emulator is None:
            scenario = self.folder / "emulator.toml"
            scenario.write_text(EMULATOR)
            self.port = free_port()
            self.emulator = subprocess.Popen(
                [self.binary, "emulator", "--listen", f"127.0.0.1:{self.port}", "--scenario", scenario],
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
            )
        page = free_port()
        machine.service(
            AWS_ENDPOINT_URL=f"http://127.0.0.1:{self.port}", FORETIDE_RUN__LISTEN=f"127.0.0.1:{page}"
        )
        address = f"http://127.0.0.1:{page}/api/v1/groups"

        def there():
            try:
                return requests.get(address, timeout=5).json()
            except requests.RequestException:
                return None

        assert until(there), machine.log() + machine.read("output")
        return address

    def close(self):
        for machine in self.machines:
            machine.close()
        for volume in self.volumes:
            volume.close()
        if self.emulator is not None:
            self.emulator.terminate()
            self.emulator.wait()


def free_port():
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return found.getsockname()[1]


@pytest.fixture
def site(aws, tmp_path):
    why = can_be_made()
    if why is not None:
        missing("machines", why)
    site = Site(aws, tmp_path, foretide())
    yield site
    site.close()


def group(address):
    """What the API's overview says of the group."""
    found = requests.get(address, timeout=5).json()
    return next(row for row in found["groups"] if row["name"] == "web")


def pause(address, machine):
    """Orders a pause as an operator does, once the group has been read."""
    answers = []

    def taken():
        headers = {"Authorization": f"Bearer {TOKEN}"}
        orders = f"{address}/{quote(group(address)['id'], safe='')}/orders"
        answer = requests.post(orders, json={"order": "pause"}, headers=headers, timeout=5)
        answers.append(answer.text)
        return answer.ok

    assert until(taken), answers[-1] + machine.read("output")
    assert until(lambda: group(address)["orders"]["paused"]), group(address)


def test_a_first_boot_sets_everything_up(site):
    volume = site.volume()
    machine = site.machine(volume)
    machine.setup("boot")

    assert "is blank: making a file system" in machine.log()
    assert "took configuration 1" in machine.log()
    assert site.get("store") == volume.id
    assert machine.configuration() == ENFORCE
    assert "rpm -U --oldpackage --replacepkgs" in machine.calls()
    assert machine.calls().endswith("start --no-block auto-scaler.service\n")
    secret = machine.root / "etc/foretide/secrets/page-token"
    assert secret.read_text().strip() == TOKEN and secret.parent.stat().st_mode & 0o777 == 0o700
    drop_in = machine.read(DROP_IN)
    assert "LoadCredential=page-token:/etc/foretide/secrets/page-token" in drop_in
    assert "AssertPathIsMountPoint=/var/lib/private/foretide" in drop_in
    assert "--dry-run" not in drop_in and TOKEN not in drop_in

    # A second boot of the same machine changes nothing.
    machine.setup("boot")
    assert machine.log().count("making a file system") == 1
    assert machine.calls().count("rpm -U") == 1


def test_the_pause_survives_the_replacement_and_the_attach_is_the_lock(site):
    volume = site.volume()
    first = site.machine(volume)
    first.setup("boot")
    address = site.groups(first)
    pause(address, first)

    # The second instance boots while the first still runs: it waits, and Foretide does not start.
    second = site.machine(volume)
    booting = second.start("/usr/local/sbin/foretide-setup", "boot")
    assert until(lambda: "VolumeInUse" in second.log())
    assert booting.poll() is None and "auto-scaler" not in second.calls()

    first.terminate()
    assert booting.wait(60) == 0
    assert "making a file system" not in second.log()
    assert "new-store" not in second.log()
    address = site.groups(second)
    assert until(lambda: group(address)["orders"]["paused"]), group(address)


def test_a_new_store_observes_until_it_is_accepted(site):
    first = site.machine(site.volume())
    first.setup("boot")
    address = site.groups(first)
    assert until(lambda: not group(address)["dry_run"]), group(address)
    assert group(address)["mode"] == "enforce"
    first.terminate()

    lost = site.volume()
    second = site.machine(lost)
    second.setup("boot")
    assert f"new-store: {lost.id} is not the store" in second.log()
    assert "ExecStart=/usr/bin/foretide run --config /etc/foretide/foretide.toml --dry-run" in second.read(DROP_IN)
    address = site.groups(second)
    assert until(lambda: group(address)["dry_run"]), group(address)
    second.setup("configuration")
    assert "new-store: groups are still only observed" in second.log()

    second.setup("accept-store")
    assert site.get("store") == lost.id
    assert "--dry-run" not in second.read(DROP_IN)
    assert "restart --no-block auto-scaler.service" in second.calls()
    told = second.log().count("still only observed")
    second.setup("configuration")
    assert second.log().count("still only observed") == told


def test_a_package_with_another_sum_is_not_installed(site):
    machine = site.machine(site.volume(), PACKAGE_SHA256="0" * 64)
    assert machine.setup("boot", check=False).returncode == 1
    assert "is not the package with the sum" in machine.log()
    assert "rpm" not in machine.calls() and "auto-scaler" not in machine.calls()


def test_a_volume_that_holds_something_is_not_formatted(site):
    volume = site.volume(content=b"\0" * 4096 + b"somebody's data")
    machine = site.machine(volume)
    assert machine.setup("boot", check=False).returncode != 0
    assert "making a file system" not in machine.log()
    assert "auto-scaler" not in machine.calls()
    assert volume.file.read_bytes()[4096:].startswith(b"somebody's data")


def test_a_changed_configuration_is_taken_and_an_invalid_one_is_not(site):
    volume = site.volume()
    machine = site.machine(volume)
    machine.setup("boot")
    (machine.root / "active").touch()

    machine.setup("configuration")
    assert "kill" not in machine.calls()

    changed = ENFORCE.replace("enforce", "observe")
    site.put("v/2/config", changed)
    machine.setup("configuration")
    assert machine.configuration() == ENFORCE, "the pointer still names version 1"
    site.put("current", "2")
    machine.setup("configuration")
    assert machine.configuration() == changed
    assert "kill --signal=HUP --kill-who=main auto-scaler.service" in machine.calls()

    site.put("v/3/config", "[group.web]\nmoed = 1\n")
    site.put("current", "3")
    machine.setup("configuration")
    machine.setup("configuration")
    assert machine.configuration() == changed
    assert machine.log().count("configuration 3 is not valid") == 1

    # The replacement starts with the last configuration that was taken.
    machine.terminate()
    second = site.machine(volume)
    second.setup("boot")
    assert second.configuration() == changed
    assert "started with the last configuration that was taken" in second.log()


def test_without_systems_manager_the_last_configuration_starts(site):
    volume = site.volume()
    machine = site.machine(volume)
    machine.setup("boot")
    (machine.root / "etc/foretide/foretide.toml").unlink()
    wrapper = machine.root / "fake/aws"
    wrapper.write_text(wrapper.read_text().replace("real() {", '[[ $1 != ssm ]] || exit 255\nreal() {'))
    settings = machine.root / "etc/foretide/setup.env"
    settings.write_text(settings.read_text() + "TOKEN_PARAMETER=''\n")
    machine.setup("boot")
    assert machine.configuration() == ENFORCE
    assert "--dry-run" not in machine.read(DROP_IN)
