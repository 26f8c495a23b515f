"""The templates: lint, the policy, what the module has too, and a stack on the local AWS."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
from conftest import ACCOUNT, PACKAGE, REGION, ROOT, SUM
from template import Stack, load

MONITOR = ROOT / "deploy/cloudformation.yaml"
ECS = ROOT / "deploy/ecs/cloudformation.yaml"
POLICY = json.loads((ROOT / "docs/iam.json").read_text())
PLACES = [(MONITOR, "RolePolicyForetide"), (ECS, "TaskPolicy")]


def by_sid(statements):
    def plain(statement):
        """One action or resource is the same as a list of it."""
        return {
            key: [value] if key in ("Action", "Resource") and isinstance(value, str) else value
            for key, value in statement.items()
        }

    return {statement["Sid"]: plain(statement) for statement in statements}


def lint(path):
    return subprocess.run(
        [Path(sys.executable).with_name("cfn-lint"), "--regions", REGION, "--", path],
        capture_output=True,
        text=True,
        timeout=600,
    )


@pytest.mark.parametrize("path", [MONITOR, ECS], ids=["monitor", "ecs"])
def test_cfn_lint_finds_nothing(path):
    done = lint(path)
    assert done.returncode == 0, done.stdout + done.stderr


def test_cfn_lint_would_find_a_wrong_property(tmp_path):
    planted = tmp_path / "planted.yaml"
    planted.write_text(MONITOR.read_text().replace("HealthCheckType: EC2", "HealthChekType: EC2"))
    assert "HealthChekType" in lint(planted).stdout


@pytest.mark.parametrize("path, resource", PLACES, ids=["monitor", "ecs"])
def test_the_policy_is_that_of_iam_json(path, resource):
    document = Stack(load(path)).properties(resource)["PolicyDocument"]
    assert by_sid(document["Statement"]) == by_sid(POLICY["Statement"])
    assert document["Version"] == POLICY["Version"]


@pytest.mark.parametrize("path, resource", PLACES, ids=["monitor", "ecs"])
def test_without_scaling_it_can_only_read(path, resource):
    document = Stack(load(path), AllowScaling="false").properties(resource)["PolicyDocument"]
    wanted = [found for found in POLICY["Statement"] if found["Sid"] != "ScaleTaggedGroups"]
    assert by_sid(document["Statement"]) == by_sid(wanted)


@pytest.mark.parametrize("path, resource", PLACES, ids=["monitor", "ecs"])
def test_named_groups_take_the_place_of_the_tag(path, resource):
    group = f"arn:aws:autoscaling:{REGION}:{ACCOUNT}:autoScalingGroup:*:autoScalingGroupName/web"
    document = Stack(load(path), GroupArns=group).properties(resource)["PolicyDocument"]
    scale = by_sid(document["Statement"])["ScaleTaggedGroups"]
    assert scale["Resource"] == [group] and "Condition" not in scale


def test_user_data_is_that_of_the_module():
    template = Stack(load(MONITOR)).properties("LaunchTemplate")["LaunchTemplateData"]
    head, end, rest = template["UserData"].partition("\nEND\n")
    assert rest == (ROOT / "deploy/terraform/files/user-data.sh").read_text()
    # The module's settings, in the same file.
    module = (ROOT / "deploy/terraform/main.tf").read_text()
    block = module[module.index("  settings = {") :]
    block = block[: block.index("\n  }\n")]
    wanted = sorted(line.split("=")[0].strip() for line in block.splitlines()[1:])
    assert sorted(line.split("=")[0] for line in head.splitlines()[3:]) == wanted
    assert len(head + end + rest) < 16384


def test_replacing_terminates_before_it_launches():
    group = load(MONITOR)["Resources"]["Group"]
    assert group["UpdatePolicy"]["AutoScalingRollingUpdate"]["MinInstancesInService"] == 0
    properties = group["Properties"]
    assert (properties["MinSize"], properties["MaxSize"]) == ("1", "1")
    assert properties["InstanceMaintenancePolicy"]["MaxHealthyPercentage"] == 100
    assert not any(tag["PropagateAtLaunch"] for tag in properties["Tags"])
    assert not any(tag["Key"].startswith("foretide") for tag in properties["Tags"])
    service = load(ECS)["Resources"]["Service"]["Properties"]
    assert service["DesiredCount"] == 1
    assert service["DeploymentConfiguration"] == {"MinimumHealthyPercent": 0, "MaximumPercent": 100}


def test_the_alarms_are_those_of_the_module():
    stack = Stack(load(MONITOR), Name="NAME")
    template = {
        stack.properties(name)["AlarmName"].removeprefix("NAME-")
        for name, resource in load(MONITOR)["Resources"].items()
        if resource["Type"] == "AWS::CloudWatch::Alarm"
    }
    module = (ROOT / "deploy/terraform/alarms.tf").read_text()
    block = module[module.index("  alarms = {") :].split("resource ")[0]
    named = {
        line.split(" =")[0].strip().replace("_", "-")
        for line in block.splitlines()
        if line.startswith("    ") and line.endswith("= {") and not line.startswith("     ")
    }
    assert template == named and len(named) == 4


def parameters(**values):
    return [{"ParameterKey": key, "ParameterValue": value} for key, value in values.items()]


def test_a_stack_is_made_and_goes_without_a_rest(aws):
    before = aws.left()
    subnet = aws.subnet()
    stacks = aws.client("cloudformation")
    stacks.create_stack(
        StackName="foretide",
        TemplateBody=MONITOR.read_text(),
        Capabilities=["CAPABILITY_NAMED_IAM"],
        Parameters=parameters(
            VpcId=subnet["VpcId"],
            SubnetId=subnet["SubnetId"],
            AvailabilityZone=subnet["AvailabilityZone"],
            PackageUrl=PACKAGE,
            PackageSha256=SUM,
            Configuration='[group.web]\nmode = "observe"\n',
        ),
    )
    status = stacks.describe_stacks(StackName="foretide")["Stacks"][0]["StackStatus"]
    assert status == "CREATE_COMPLETE"

    role = aws.client("iam").get_role_policy(RoleName="foretide", PolicyName="foretide")
    assert by_sid(role["PolicyDocument"]["Statement"]) == by_sid(POLICY["Statement"])

    ssm = aws.client("ssm")
    current = ssm.get_parameter(Name="/foretide/foretide/current")["Parameter"]["Value"]
    config = ssm.get_parameter(Name=f"/foretide/foretide/v/{current}/config")
    assert config["Parameter"]["Value"].startswith("[group.web]")
    assert ssm.get_parameter(Name="/foretide/foretide/store")["Parameter"]["Value"] == "none"

    made = aws.left()
    assert made["groups"] == ["foretide"] and len(made["instances"]) == 1
    # The local AWS leaves out alarms and metric filters of a template: cfn-lint has seen those.
    assert "alarms" not in made and made["log groups"] == ["/foretide/foretide"]

    stacks.delete_stack(StackName="foretide")
    assert aws.left() == before


def test_the_ecs_example_is_made(aws):
    subnet = aws.subnet()
    aws.client("ecs").create_cluster(clusterName="default")
    aws.client("cloudformation").create_stack(
        StackName="foretide-ecs",
        TemplateBody=ECS.read_text(),
        Capabilities=["CAPABILITY_NAMED_IAM"],
        Parameters=parameters(
            VpcId=subnet["VpcId"],
            SubnetId=subnet["SubnetId"],
            Image="registry.example/foretide@sha256:" + SUM,
            Group="web",
            Predictor="true",
        ),
    )
    ecs = aws.client("ecs")
    service = ecs.describe_services(cluster="default", services=["foretide"])["services"][0]
    task = ecs.describe_task_definition(taskDefinition=service["taskDefinition"])["taskDefinition"]
    scaler, predictor = task["containerDefinitions"]
    assert scaler["command"] == ["run", "--group", "web"] and predictor["command"] == ["serve"]
    assert scaler["readonlyRootFilesystem"] and predictor["readonlyRootFilesystem"]
    role = aws.client("iam").get_role_policy(RoleName="foretide", PolicyName="foretide")
    assert by_sid(role["PolicyDocument"]["Statement"]) == by_sid(POLICY["Statement"])
