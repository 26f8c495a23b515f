"""The guides: their commands run, against the local AWS, and their texts are what they say."""

import json
import os
import re
import shutil
import subprocess
import sys
import textwrap
import tomllib
from pathlib import Path

import pytest
import requests
import yaml
from conftest import ACCOUNT, PACKAGE, REGION, ROOT, SUM, foretide, missing
from machine import until
from test_cloudformation import by_sid
from test_user_data import EMULATOR, TOKEN, free_port

GUIDES = ROOT / "docs/deploy"
POLICY = json.loads((ROOT / "docs/iam.json").read_text())


def blocks(guide, language):
    """The code blocks of this language, without the indent of the list that they stand in."""
    text = (GUIDES / guide).read_text()
    found = re.findall(rf"^( *)```{language}\n(.*?)^\1```", text, re.DOTALL | re.MULTILINE)
    return [textwrap.dedent(body) for _, body in found]


def run(aws, guide, folder, **variables):
    """Runs all `sh` blocks of the guide, one after the other in one shell."""
    script = "\n".join(blocks(guide, "sh"))
    assert script
    environment = {
        **os.environ,
        **aws.environment,
        **variables,
        "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
        "HOME": str(folder),
    }
    done = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", script],
        cwd=ROOT,
        env=environment,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert done.returncode == 0, done.stdout + done.stderr


def role_may_what_iam_json_says(aws, role):
    found = aws.client("iam").get_role_policy(RoleName=role, PolicyName="foretide")
    assert by_sid(found["PolicyDocument"]["Statement"]) == by_sid(POLICY["Statement"])
    return aws.client("iam").get_role(RoleName=role)["Role"]["AssumeRolePolicyDocument"]["Statement"]


def test_instance_profile(aws, tmp_path):
    run(aws, "instance-profile.md", tmp_path)
    (trust,) = role_may_what_iam_json_says(aws, "foretide")
    assert trust["Principal"] == {"Service": "ec2.amazonaws.com"}
    profile = aws.client("iam").get_instance_profile(InstanceProfileName="foretide")
    assert [role["RoleName"] for role in profile["InstanceProfile"]["Roles"]] == ["foretide"]


def test_assume_role(aws, tmp_path):
    run(aws, "assume-role.md", tmp_path)
    (trust,) = role_may_what_iam_json_says(aws, "foretide")
    assert trust["Principal"] == {"AWS": "arn:aws:iam::111111111111:role/foretide"}
    (table,) = blocks("assume-role.md", "toml")
    group = tomllib.loads(table)["group"]["web-of-222222222222"]
    assume = aws.client("iam").get_role_policy(RoleName="foretide-monitor", PolicyName="assume")
    assert assume["PolicyDocument"]["Statement"][0]["Resource"] == group["role_arn"]


def test_irsa(aws, tmp_path):
    ec2 = aws.subnet()
    aws.client("eks").create_cluster(
        name="c",
        roleArn=f"arn:aws:iam::{ACCOUNT}:role/eks",
        resourcesVpcConfig={"subnetIds": [ec2["SubnetId"]]},
    )
    run(aws, "irsa.md", tmp_path, CLUSTER="c")
    issuer = aws.client("eks").describe_cluster(name="c")["cluster"]["identity"]["oidc"]["issuer"]
    host = issuer.removeprefix("https://")
    (trust,) = role_may_what_iam_json_says(aws, "foretide-irsa")
    assert trust["Principal"] == {"Federated": f"arn:aws:iam::{ACCOUNT}:oidc-provider/{host}"}
    assert trust["Condition"]["StringEquals"] == {
        f"{host}:aud": "sts.amazonaws.com",
        f"{host}:sub": "system:serviceaccount:foretide:foretide",
    }
    (trust,) = role_may_what_iam_json_says(aws, "foretide-pod")
    assert trust["Principal"] == {"Service": "pods.eks.amazonaws.com"}


def test_the_manifest_never_runs_two_scalers():
    (text,) = blocks("irsa.md", "yaml")
    objects = {found["kind"]: found for found in yaml.safe_load_all(text)}
    deployment = objects["Deployment"]["spec"]
    assert deployment["replicas"] == 1 and deployment["strategy"]["type"] == "Recreate"
    assert objects["PersistentVolumeClaim"]["spec"]["accessModes"] == ["ReadWriteOncePod"]
    (container,) = deployment["template"]["spec"]["containers"]
    assert container["securityContext"]["readOnlyRootFilesystem"]
    account = objects["ServiceAccount"]["metadata"]
    subject = f"system:serviceaccount:{account['namespace']}:{account['name']}"
    assert subject in (GUIDES / "irsa.md").read_text().split("```yaml")[0]


def test_the_configurations_are_valid(tmp_path):
    binary = foretide()
    manifest = yaml.safe_load_all(blocks("irsa.md", "yaml")[0])
    texts = [found["data"]["foretide.toml"] for found in manifest if found["kind"] == "ConfigMap"]
    for guide in sorted(path.name for path in GUIDES.glob("*.md")):
        texts += blocks(guide, "toml")
    assert len(texts) >= 4
    (tmp_path / "predictor-token").write_text(TOKEN)
    for text in texts:
        (tmp_path / "foretide.toml").write_text(text)
        done = subprocess.run(
            [binary, "config", "check", tmp_path / "foretide.toml"], capture_output=True, text=True
        )
        assert done.returncode == 0, text + done.stderr


def test_cloudformation(aws, tmp_path):
    subnet = aws.subnet()
    run(
        aws,
        "cloudformation.md",
        tmp_path,
        VPC=subnet["VpcId"],
        SUBNET=subnet["SubnetId"],
        ZONE=subnet["AvailabilityZone"],
        PACKAGE_URL=PACKAGE,
        PACKAGE_SHA256=SUM,
    )
    config = aws.client("ssm").get_parameter(Name="/foretide/foretide/v/1/config")["Parameter"]["Value"]
    assert tomllib.loads(config) == {"group": {"web": {"mode": "observe"}}}
    role_may_what_iam_json_says(aws, "foretide")


def test_ecs(aws, tmp_path):
    subnet = aws.subnet()
    aws.client("ecs").create_cluster(clusterName="c")
    run(
        aws,
        "ecs.md",
        tmp_path,
        CLUSTER="c",
        VPC=subnet["VpcId"],
        SUBNET=subnet["SubnetId"],
        IMAGE="registry.example/foretide@sha256:" + SUM,
    )
    (service,) = aws.client("ecs").describe_services(cluster="c", services=["foretide"])["services"]
    assert service["desiredCount"] == 1


def test_every_tag_that_is_printed_is_not_propagated():
    for path in GUIDES.glob("*.md"):
        for line in path.read_text().splitlines():
            if "ResourceType=auto-scaling-group" in line:
                assert "PropagateAtLaunch=false" in line, f"{path}: {line}"


def certificate(folder):
    """An authority for this test, and a certificate of it for localhost."""
    commands = [
        "openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=authority -keyout ca.key -out ca.pem"
        " -addext basicConstraints=critical,CA:TRUE -addext keyUsage=critical,keyCertSign",
        "openssl req -newkey rsa:2048 -nodes -subj /CN=localhost -keyout predictor.key -out predictor.csr",
        "printf 'subjectAltName=DNS:localhost\\nbasicConstraints=CA:FALSE\\nextendedKeyUsage=serverAuth\\n' > extensions",
        "openssl x509 -req -in predictor.csr -CA ca.pem -CAkey ca.key -CAcreateserial -days 2"
        " -extfile extensions -out predictor.pem",
    ]
    for command in commands:
        subprocess.run(["sh", "-c", command], cwd=folder, check=True, capture_output=True)


def test_two_hosts(tmp_path):
    binary = foretide()
    nginx = shutil.which("nginx")
    if nginx is None:
        missing("nginx", "not on this machine (Debian: nginx-light)")
    certificate(tmp_path)
    tls, plain, page, cloud = (free_port() for _ in range(4))
    (tmp_path / "token").write_text(TOKEN)
    (tmp_path / "predictor-token").write_text(TOKEN)
    (tmp_path / "emulator.toml").write_text(EMULATOR)

    (server,) = blocks("two-hosts.md", "nginx")
    server = (
        server.replace("8443", str(tls))
        .replace("127.0.0.1:8000", f"127.0.0.1:{plain}")
        .replace("/etc/nginx/tls", str(tmp_path))
        .replace("predictor.internal", "localhost")
    )
    paths = "".join(
        f"    {kind}_temp_path {tmp_path}/{kind};\n"
        for kind in ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"]
    )
    (tmp_path / "nginx.conf").write_text(
        f"daemon off;\nuser root;\npid {tmp_path}/nginx.pid;\nerror_log {tmp_path}/error.log;\n"
        f"events {{}}\nhttp {{\n    access_log off;\n{paths}{server}}}\n"
    )
    (scaler,) = blocks("two-hosts.md", "toml")
    (tmp_path / "foretide.toml").write_text(scaler.replace("predictor.internal:8443", f"localhost:{tls}"))

    environment = {**os.environ, "HOME": str(tmp_path)}
    for name in ["https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"]:
        environment.pop(name, None)
    cloudy = {
        "AWS_ENDPOINT_URL": f"http://127.0.0.1:{cloud}",
        "AWS_ACCESS_KEY_ID": "a",
        "AWS_SECRET_ACCESS_KEY": "b",
        "AWS_REGION": REGION,
        "AWS_CA_BUNDLE": str(tmp_path / "ca.pem"),
    }
    commands = [
        ([nginx, "-p", str(tmp_path), "-c", "nginx.conf"], {}),
        ([binary, "serve", "--listen", f"127.0.0.1:{plain}", "--token-file", "token"], {}),
        ([binary, "emulator", "--listen", f"127.0.0.1:{cloud}", "--scenario", "emulator.toml"], {}),
        ([binary, "run", "--listen", f"127.0.0.1:{page}", "--output", "output"], cloudy),
    ]
    processes = []
    try:
        for command, more in commands:
            log = (tmp_path / f"{Path(command[0]).name}-{len(processes)}.log").open("w")
            processes.append(
                subprocess.Popen(
                    command, cwd=tmp_path, env={**environment, **more}, stdout=log, stderr=log
                )
            )

        def log():
            path = tmp_path / "output/ec2_monitor.log"
            return path.read_text() if path.exists() else ""

        said = "".join(path.read_text() for path in tmp_path.glob("*.log"))
        assert until(lambda: "PREDICTION:" in log(), 90), log() + said

        # Without the token the service refuses, through the proxy too.
        answer = requests.post(
            f"https://localhost:{tls}/predict",
            json={"features": [45.5, 60.2, 122.1, 35.6, 1200000000, 0.8, 0.92, "compute", "high"]},
            verify=str(tmp_path / "ca.pem"),
            timeout=10,
        )
        assert answer.status_code == 401
        assert requests.get(
            f"https://localhost:{tls}/health", verify=str(tmp_path / "ca.pem"), timeout=10
        ).status_code == 404
    finally:
        for process in processes:
            process.terminate()
        for process in processes:
            process.wait(30)


@pytest.mark.parametrize("guide", sorted(path.name for path in GUIDES.glob("*.md")))
def test_every_link_leads_somewhere(guide):
    for target in re.findall(r"\]\(([^)#]+)(?:#[^)]*)?\)", (GUIDES / guide).read_text()):
        if "://" not in target:
            assert (GUIDES / target).exists(), f"{guide}: {target}"
