"""The module and its example: format, validity, tests with a mocked provider, and a whole life on the
local AWS: apply, nothing to change, change, nothing to change, destroy, nothing left.
"""

import json

import pytest
from conftest import PACKAGE, ROOT, SUM
from test_cloudformation import by_sid

POLICY = json.loads((ROOT / "docs/iam.json").read_text())
CONFIGURATION = '[group.web]\nmode = "observe"\n'
FOLDERS = [".", "modules/target-role", "examples/complete"]


def test_files_are_formatted(oldest):
    status, output = oldest.run("fmt", "-check", "-recursive", "-diff", status=(0, 3))
    assert status == 0, output


@pytest.mark.parametrize("folder", FOLDERS)
def test_it_is_valid(terraform, folder):
    terraform.init(terraform.module / folder)
    terraform.run("validate", "-no-color", folder=terraform.module / folder)


@pytest.mark.parametrize("folder", FOLDERS[:2])
def test_the_mocked_tests_pass(terraform, folder):
    terraform.init(terraform.module / folder)
    _, output = terraform.run("test", "-no-color", folder=terraform.module / folder)
    runs = sum(
        path.read_text().count('\nrun "') for path in (terraform.module / folder / "tests").glob("*.hcl")
    )
    assert f"Success! {runs} passed, 0 failed" in output, output


@pytest.mark.parametrize(
    "file, found, planted",
    [
        ("iam.json", "autoscaling:SetDesiredCapacity", "autoscaling:*"),
        ("iam.json", '"scale"', '"scaled"'),
        ("main.tf", "max_size            = 1", "max_size            = 2"),
        ("main.tf", "propagate_at_launch = false", "propagate_at_launch = true"),
        ("iam.tf", '"Deny"', '"Allow"'),
    ],
    ids=["action", "condition", "size", "propagation", "own-group"],
)
def test_the_mocked_tests_can_fail(oldest, file, found, planted):
    path = oldest.module / file
    text = path.read_text()
    assert found in text
    path.write_text(text.replace(found, planted))
    oldest.init()
    status, output = oldest.run("test", "-no-color", status=(0, 1))
    assert status == 1 and " 0 failed" not in output, output


def settings(**values):
    return [f"-var={key}={value}" for key, value in values.items()]


def nothing_to_change(terraform, folder, variables):
    status, output = terraform.run(
        "plan", "-no-color", "-detailed-exitcode", *variables, folder=folder, status=(0, 2)
    )
    assert status == 0 and "No changes." in output, output


def parameter(aws, name):
    return aws.client("ssm").get_parameter(Name=name)["Parameter"]["Value"]


def test_the_modules_life_on_the_local_aws(terraform, aws):
    before = aws.left()
    subnet = aws.subnet()
    folder = terraform.module
    terraform.init()
    terraform.reach(aws, folder, provider=False)
    common = {"subnet_id": subnet["SubnetId"], "package_url": PACKAGE, "package_sha256": SUM}

    first = settings(configuration=CONFIGURATION, **common)
    _, output = terraform.run("apply", "-auto-approve", "-no-color", *first, folder=folder)
    assert "0 changed, 0 destroyed" in output, output
    nothing_to_change(terraform, folder, first)

    role = aws.client("iam").get_role_policy(RoleName="foretide", PolicyName="foretide")
    assert by_sid(role["PolicyDocument"]["Statement"]) == by_sid(POLICY["Statement"])
    group = aws.client("autoscaling").describe_auto_scaling_groups()["AutoScalingGroups"][0]
    assert len(group["Instances"]) == 1
    assert [found["ProcessName"] for found in group["SuspendedProcesses"]] == ["AZRebalance"]
    assert not any(tag["PropagateAtLaunch"] for tag in group["Tags"])
    version = parameter(aws, "/foretide/foretide/current")
    assert parameter(aws, f"/foretide/foretide/v/{version}/config") == CONFIGURATION
    assert parameter(aws, "/foretide/foretide/store") == "none"

    # The monitor marks its store. The next apply leaves the mark alone.
    aws.client("ssm").put_parameter(Name="/foretide/foretide/store", Value="vol-1", Overwrite=True)
    nothing_to_change(terraform, folder, first)

    second = settings(configuration=CONFIGURATION.replace("observe", "enforce"), **common)
    terraform.run("apply", "-auto-approve", "-no-color", *second, folder=folder)
    nothing_to_change(terraform, folder, second)
    assert parameter(aws, "/foretide/foretide/current") != version
    names = aws.left()["parameters"]
    assert len([name for name in names if "/v/" in name]) == 1
    assert parameter(aws, "/foretide/foretide/store") == "vol-1"

    terraform.run("destroy", "-auto-approve", "-no-color", *second, folder=folder)
    assert aws.left() == before


def test_the_examples_life_on_the_local_aws(terraform, aws):
    before = aws.left()
    folder = terraform.module / "examples/complete"
    terraform.init(folder)
    terraform.reach(aws, folder, provider=True)
    variables = settings(package_url=PACKAGE, package_sha256=SUM)

    terraform.run("apply", "-auto-approve", "-no-color", *variables, folder=folder)
    nothing_to_change(terraform, folder, variables)

    groups = {
        group["AutoScalingGroupName"]: group
        for group in aws.client("autoscaling").describe_auto_scaling_groups()["AutoScalingGroups"]
    }
    assert sorted(groups) == ["asg-prod", "asg-prod-monitor"]
    workload = groups["asg-prod"]
    assert (workload["MinSize"], workload["MaxSize"], len(workload["Instances"])) == (1, 5, 2)
    assert {tag["Key"]: tag["PropagateAtLaunch"] for tag in workload["Tags"]} == {
        "foretide": False,
        "Name": False,
    }
    target = aws.client("elbv2").describe_target_groups()["TargetGroups"][0]
    assert target["HealthCheckPath"] == "/health"
    assert workload["TargetGroupARNs"] == [target["TargetGroupArn"]]

    # Foretide scales the workload. The next apply does not set it back.
    aws.client("autoscaling").set_desired_capacity(AutoScalingGroupName="asg-prod", DesiredCapacity=4)
    nothing_to_change(terraform, folder, variables)

    terraform.run("destroy", "-auto-approve", "-no-color", *variables, folder=folder)
    assert aws.left() == before
