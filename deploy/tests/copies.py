"""Texts that stand in more than one place: docs/iam.json in the module and in the templates, the
user data in the template, and the READMEs' tables. Without an argument it checks them;
`--write` brings the copies up to date.
"""

import json
import re
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
MODULE = ROOT / "deploy/terraform"
TEMPLATE = ROOT / "deploy/cloudformation.yaml"
ECS = ROOT / "deploy/ecs/cloudformation.yaml"
POLICY = ROOT / "docs/iam.json"


def between(text, begin, end, middle):
    """The text with what stands between the two marks replaced."""
    pattern = re.compile(rf"({re.escape(begin)}\n).*?([^\n]*{re.escape(end)})", re.DOTALL)
    found, count = pattern.subn(lambda match: match[1] + middle + match[2], text)
    if count != 1:
        raise SystemExit(f"copies.py: {count} times `{begin}` … `{end}`")
    return found


def quoted(text):
    return json.dumps(text)


def values(wanted, indent):
    items = [wanted] if isinstance(wanted, str) else wanted
    return "".join(f"{indent}- {resource(item)}\n" for item in items)


def resource(arn):
    """An ARN of this partition, whichever that is."""
    if not arn.startswith("arn:aws:"):
        return quoted(arn)
    return "!Sub " + quoted(arn.replace("arn:aws:", "arn:${AWS::Partition}:", 1))


def statement(found):
    """One statement of docs/iam.json, as the template has it."""
    names = found["Sid"] == "ScaleTaggedGroups"
    first, rest = ("- !If\n  - AllowsScaling\n  - ", "    ") if names else ("- ", "  ")
    text = f"{first}Sid: {found['Sid']}\n{rest}Effect: {found['Effect']}\n"
    text += f"{rest}Action:\n{values(found['Action'], rest + '  ')}"
    if names:
        text += (
            f"{rest}Resource: !If\n{rest}  - NamesGroups\n{rest}  - !Ref GroupArns\n"
            f"{rest}  - - {resource(found['Resource'])}\n"
        )
    else:
        text += f"{rest}Resource:\n{values(found['Resource'], rest + '  ')}"
    if "Condition" in found:
        inside = yaml_map(found["Condition"], rest + ("      " if names else "  "))
        if names:
            text += (
                f"{rest}Condition: !If\n{rest}  - NamesGroups\n"
                f"{rest}  - !Ref AWS::NoValue\n{rest}  - {inside.lstrip()}"
            )
        else:
            text += f"{rest}Condition:\n{inside}"
    if names:
        text += "  - !Ref AWS::NoValue\n"
    return text


def yaml_map(found, indent):
    text = ""
    for key, value in found.items():
        if isinstance(value, dict):
            text += f"{indent}{key}:\n{yaml_map(value, indent + '  ')}"
        else:
            text += f"{indent}{quoted(key)}: {json.dumps(value)}\n"
    return text


def indented(text, indent):
    return "".join(f"{indent}{line}".rstrip() + "\n" for line in text.splitlines())


def with_policy(text):
    policy = json.loads(POLICY.read_text())
    statements = "".join(statement(found) for found in policy["Statement"])
    return between(
        text, "# docs/iam.json: begin", "# docs/iam.json: end", indented(statements, " " * 10)
    )


def with_user_data(text):
    script = (MODULE / "files/user-data.sh").read_text()
    return between(
        text,
        "# deploy/terraform/files/user-data.sh: begin",
        "# deploy/terraform/files/user-data.sh: end",
        "              - |\n" + indented(script, " " * 16),
    )


def blocks(path, kind):
    """(name, body) of each `variable` or `output` block, in order."""
    text = path.read_text()
    return re.findall(rf'^{kind} "(\w+)" \{{\n(.*?)^\}}', text, re.DOTALL | re.MULTILINE)


def attribute(body, name):
    found = re.search(rf"^  {name}\s*=\s*(.+)$", body, re.MULTILINE)
    return found[1].strip() if found else None


def cell(text):
    return text.replace("|", "\\|")


def tables(folder):
    """The README's tables, in the form that terraform-docs has made familiar."""
    text = "## Inputs\n\n| Name | Description | Type | Default | Required |\n|---|---|---|---|:---:|\n"
    for name, body in sorted(blocks(folder / "variables.tf", "variable")):
        default = attribute(body, "default")
        shown = "n/a" if default is None else f"`{default}`"
        description = json.loads(attribute(body, "description"))
        text += (
            f"| {name} | {cell(description)} | `{attribute(body, 'type')}` | {cell(shown)} "
            f"| {'yes' if default is None else 'no'} |\n"
        )
    text += "\n## Outputs\n\n| Name | Description |\n|---|---|\n"
    for name, body in sorted(blocks(folder / "outputs.tf", "output")):
        text += f"| {name} | {cell(json.loads(attribute(body, 'description')))} |\n"
    return text


def readme(folder):
    text = (folder / "README.md").read_text()
    return between(text, "<!-- BEGIN_TF_DOCS -->", "<!-- END_TF_DOCS -->", tables(folder))


def wanted():
    """What each copy should hold, by path."""
    copies = {
        MODULE / "iam.json": POLICY.read_text(),
        MODULE / "LICENSE": (ROOT / "LICENSE").read_text(),
        TEMPLATE: with_user_data(with_policy(TEMPLATE.read_text())),
        ECS: with_policy(ECS.read_text()),
    }
    for folder in [MODULE, MODULE / "modules/target-role", MODULE / "examples/complete"]:
        copies[folder / "README.md"] = readme(folder)
    return copies


def main():
    write = sys.argv[1:] == ["--write"]
    stale = [path for path, text in wanted().items() if path.read_text() != text]
    for path in stale:
        if write:
            path.write_text(wanted()[path])
            print(f"wrote {path.relative_to(ROOT)}")
        else:
            print(f"{path.relative_to(ROOT)} is not what it is a copy of: scripts/deploy-test --write")
    return 0 if write or not stale else 1


if __name__ == "__main__":
    sys.exit(main())
