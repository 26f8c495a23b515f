"""Machines that run the module's user data: a folder as root file system, a mount namespace of its own,
a real volume (a file behind a loop device) with a real file system, and the local AWS.

Stand-ins are systemctl, curl (instance metadata and the package), rpm and dnf; and `aws`, which passes
everything on to the AWS CLI but refuses to attach a volume twice, as AWS does and moto does not.
"""

import os
import shutil
import signal
import ssl
import subprocess
import sys
import sysconfig
import time
from pathlib import Path

from conftest import REGION, ROOT, SUM

SETUP = "/usr/local/sbin/foretide-setup"
DROP_IN = "etc/systemd/system/auto-scaler.service.d/50-setup.conf"

AWS = """#!/bin/bash
real() {{ {python} -m awscli "$@"; }}
if [[ "$1 $2" != "ec2 attach-volume" ]]; then
    real "$@"
    exit
fi
volume=$4
holder=$(real ec2 describe-volumes --volume-ids "$volume" \\
    --query 'Volumes[0].Attachments[0].InstanceId' --output text) || exit
if [[ $holder != None ]]; then
    echo "An error occurred (VolumeInUse) when calling the AttachVolume operation: $volume is already attached to an instance" >&2
    exit 254
fi
real "$@" || exit
ln -sf "/dev/store-$volume" "/dev/disk/by-id/nvme-Amazon_Elastic_Block_Store_${{volume/-/}}"
"""

CURL = """#!/bin/bash
case "$*" in
    *latest/api/token*) echo token ;;
    *latest/meta-data/instance-id*) cat /instance ;;
    *) while [[ $1 != -o ]]; do shift; done; cp /package "$2" ;;
esac
"""

SYSTEMCTL = """#!/bin/bash
echo "$*" >>/calls
[[ $1 != is-active ]] || [[ -e /active ]]
"""


def can_be_made():
    """Why no machine can be made here, or None."""
    if os.geteuid() != 0:
        return "needs root, for mounts and loop devices"
    for program in ["unshare", "nsenter", "losetup", "mkfs.ext4", "blkid", "resize2fs", "chroot"]:
        if shutil.which(program) is None:
            return f"no {program}"
    tried = subprocess.run(["unshare", "-m", "true"], capture_output=True, text=True)
    if tried.returncode:
        return f"unshare: {tried.stderr.strip()}"
    tried = subprocess.run(["losetup", "--find"], capture_output=True, text=True)
    return f"losetup: {tried.stderr.strip()}" if tried.returncode else None


class Volume:
    """A volume of the local AWS, and the block device behind it."""

    def __init__(self, aws, folder, content=b""):
        made = aws.client("ec2").create_volume(AvailabilityZone=f"{REGION}a", Size=1)
        self.id = made["VolumeId"]
        self.file = folder / f"{self.id}.img"
        with self.file.open("wb") as file:
            file.write(content)
            file.truncate(64 << 20)
        done = subprocess.run(
            ["losetup", "--find", "--show", self.file], capture_output=True, text=True, check=True
        )
        self.device = done.stdout.strip()

    def close(self):
        subprocess.run(["losetup", "--detach", self.device], check=True)


class Machine:
    def __init__(self, aws, folder, foretide, volumes, package=b""):
        self.aws = aws
        self.root = folder
        run = aws.client("ec2").run_instances(ImageId="ami-12c6146b", MinCount=1, MaxCount=1)
        self.instance = run["Instances"][0]["InstanceId"]
        self.environment = {
            **aws.environment,
            "PATH": "/fake:/usr/local/sbin:/usr/sbin:/usr/bin:/sbin:/bin",
            "HOME": "/tmp",
            "PYTHONDONTWRITEBYTECODE": "1",
        }
        self.processes = []
        self.fill(package)
        mounts = self.mounts(foretide, volumes)
        self.holder = subprocess.Popen(
            ["unshare", "--mount", "--propagation", "private", "bash", "-ec", f"{mounts}\necho up\nexec sleep 900"],
            stdout=subprocess.PIPE,
            text=True,
        )
        assert self.holder.stdout.readline() == "up\n"

    def fill(self, package):
        folders = ["fake", "proc", "dev", "usr", "tmp", "run", "etc/systemd/system", "var/lib", "var/log"]
        for name in folders:
            (self.root / name).mkdir(parents=True)
        for name in ["bin", "sbin", "lib", "lib64"]:
            (self.root / name).symlink_to(f"usr/{name}")
        for name in ["passwd", "group", "nsswitch.conf", "hosts", "ld.so.cache"]:
            if Path("/etc", name).exists():
                shutil.copy(f"/etc/{name}", self.root / "etc")
        # The system's certificate authorities, wherever they are.
        authorities = ssl.get_default_verify_paths().openssl_cafile
        for name in ["/etc/ssl/certs/ca-certificates.crt", authorities]:
            if Path(name).exists() and not (self.root / name[1:]).exists():
                (self.root / name[1:]).parent.mkdir(parents=True, exist_ok=True)
                shutil.copy(name, self.root / name[1:])
        (self.root / "package").write_bytes(package)
        (self.root / "instance").write_text(self.instance)
        (self.root / "calls").touch()
        fakes = {
            "aws": AWS.format(python=sys.executable),
            "curl": CURL,
            "systemctl": SYSTEMCTL,
            "rpm": '#!/bin/bash\necho "rpm $*" >>/calls\n',
            "dnf": "#!/bin/bash\nexit 1\n",
            "sleep": "#!/bin/bash\nexec /usr/bin/sleep 0.1\n",
        }
        for name, text in fakes.items():
            (self.root / "fake" / name).write_text(text)
            (self.root / "fake" / name).chmod(0o755)
        (self.root / "fake/foretide").touch()

    def mounts(self, foretide, volumes):
        root = self.root
        lines = [
            f"mount --bind -o ro /usr {root}/usr",
            f"mount -t tmpfs tmpfs {root}/usr/local/sbin",
            f"mount --bind /proc {root}/proc",
            f"mount -t tmpfs tmpfs {root}/dev",
            f"mkdir -p {root}/dev/disk/by-id",
        ]
        devices = {name: f"/dev/{name}" for name in ["null", "zero", "urandom"]}
        devices |= {f"store-{volume.id}": volume.device for volume in volumes}
        for name, device in devices.items():
            lines += [f"touch {root}/dev/{name}", f"mount --bind {device} {root}/dev/{name}"]
        lines.append(f"mount --bind {foretide} {root}/fake/foretide")
        for folder in {sys.prefix, sys.base_prefix, sysconfig.get_path("purelib")}:
            if not folder.startswith("/usr/"):
                lines += [f"mkdir -p {root}{folder}", f"mount --bind -o ro {folder} {root}{folder}"]
        return "\n".join(lines)

    def inside(self, *command):
        return ["nsenter", f"--mount=/proc/{self.holder.pid}/ns/mnt", "chroot", str(self.root), *command]

    def run(self, *command, check=True):
        done = subprocess.run(
            self.inside(*command),
            env=self.environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=300,
        )
        assert not check or done.returncode == 0, f"{command}: {done.returncode}\n{done.stdout}{done.stderr}"
        return done

    def start(self, *command, **environment):
        with (self.root / "output").open("a") as output:
            process = subprocess.Popen(
                self.inside(*command),
                env={**self.environment, **environment},
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
            )
        self.processes.append(process)
        return process

    def user_data(self, volume, **settings):
        """Runs the user data as cloud-init does, with the module's settings."""
        values = {
            "REGION": REGION,
            "VOLUME_ID": volume.id,
            "PARAMETERS": "/foretide/foretide",
            "PACKAGE_URL": "https://packages.example/foretide_0.1.0_amd64.rpm",
            "PACKAGE_SHA256": SUM,
            "PREDICTOR": "false",
            "WEBHOOK_PARAMETER": "",
            "TOKEN_PARAMETER": "",
            "LOG_GROUP": "/foretide/foretide",
            **settings,
        }
        lines = [f"{key}='{value}'" for key, value in values.items()]
        head = ["#!/bin/bash", "install -d -m 0755 /etc/foretide", "cat > /etc/foretide/setup.env <<'END'"]
        text = "\n".join([*head, *lines, "END", (ROOT / "deploy/terraform/files/user-data.sh").read_text()])
        (self.root / "user-data").write_text(text)
        self.run("/bin/bash", "/user-data")

    def setup(self, verb, check=True):
        return self.run(SETUP, verb, check=check)

    def read(self, name):
        path = self.root / name
        return path.read_text() if path.exists() else ""

    def configuration(self):
        """Without the blank line that the AWS CLI ends a text with."""
        return self.read("etc/foretide/foretide.toml").strip() + "\n"

    def log(self):
        return self.read("var/log/foretide-setup.log")

    def calls(self):
        return self.read("calls")

    def service(self, **environment):
        """Starts auto-scaler.service as its drop-in says, without systemd."""
        command = ["foretide", "run", "--config", "/etc/foretide/foretide.toml"]
        values = {}
        for line in self.read(DROP_IN).splitlines():
            key, _, value = line.partition("=")
            if key == "ExecStart" and value:
                command = ["foretide", *value.split()[1:]]
            elif key == "Environment":
                pairs = value.replace("%d", "/etc/foretide/secrets").split()
                values |= dict(pair.split("=", 1) for pair in pairs)
        return self.start(*command, **values, **environment)

    def terminate(self):
        """What AWS does to an instance: its processes end, then its volumes are free."""
        self.close()
        ec2 = self.aws.client("ec2")
        ec2.terminate_instances(InstanceIds=[self.instance])
        for volume in ec2.describe_volumes()["Volumes"]:
            for attachment in volume["Attachments"]:
                if attachment["InstanceId"] == self.instance and attachment["Device"] == "/dev/sdf":
                    ec2.detach_volume(VolumeId=volume["VolumeId"])

    def close(self):
        for process in self.processes:
            if process.poll() is None:
                process.send_signal(signal.SIGTERM)
                try:
                    process.wait(20)
                except subprocess.TimeoutExpired:
                    process.kill()
                    process.wait()
        if self.holder.poll() is None:
            self.holder.kill()
            self.holder.wait()


def until(true, seconds=60):
    """Waits until it is true, and says whether it was."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if true():
            return True
        time.sleep(0.1)
    return False
