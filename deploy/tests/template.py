"""A CloudFormation template as data, with its conditions and functions evaluated."""

import yaml

NO_VALUE = object()


class Loader(yaml.SafeLoader):
    """Reads the short forms of functions (`!Sub`) as their long ones."""


def short(loader, suffix, node):
    name = suffix if suffix in ("Ref", "Condition") else f"Fn::{suffix}"
    if isinstance(node, yaml.ScalarNode):
        value = loader.construct_scalar(node)
        if suffix == "GetAtt":
            value = value.split(".", 1)
    elif isinstance(node, yaml.SequenceNode):
        value = loader.construct_sequence(node, deep=True)
    else:
        value = loader.construct_mapping(node, deep=True)
    return {name: value}


Loader.add_multi_constructor("!", short)


def load(path):
    return yaml.load(path.read_text(), Loader)


class Stack:
    """A template with its parameters set."""

    def __init__(self, template, **parameters):
        self.template = template
        self.values = {
            "AWS::Partition": "aws",
            "AWS::Region": "eu-west-1",
            "AWS::AccountId": "123456789012",
            "AWS::URLSuffix": "amazonaws.com",
        }
        for name, parameter in template["Parameters"].items():
            value = parameters.get(name, parameter.get("Default", f"<{name}>"))
            if parameter["Type"] == "CommaDelimitedList":
                value = value.split(",") if value else [""]
            self.values[name] = value

    def properties(self, resource):
        return self.resolve(self.template["Resources"][resource]["Properties"])

    def condition(self, name):
        return self.resolve(self.template["Conditions"][name])

    def resolve(self, found):
        if isinstance(found, list):
            items = [self.resolve(item) for item in found]
            return [item for item in items if item is not NO_VALUE]
        if not isinstance(found, dict):
            return found
        if len(found) == 1:
            (name, argument), = found.items()
            function = {
                "Ref": self.ref,
                "Fn::Sub": self.sub,
                "Fn::If": self.choose,
                "Fn::Not": lambda of: not self.resolve(of)[0],
                "Fn::Equals": lambda of: self.resolve(of)[0] == self.resolve(of)[1],
                "Fn::Join": lambda of: of[0].join(map(str, self.resolve(of[1]))),
                "Fn::Split": lambda of: self.resolve(of[1]).split(of[0]),
                "Fn::Base64": self.resolve,
                "Fn::GetAtt": lambda of: f"<{'.'.join(of)}>",
            }.get(name)
            if function is not None:
                return function(argument)
        items = {key: self.resolve(value) for key, value in found.items()}
        return {key: value for key, value in items.items() if value is not NO_VALUE}

    def ref(self, name):
        return NO_VALUE if name == "AWS::NoValue" else self.values.get(name, f"<{name}>")

    def sub(self, text):
        for name in [*self.values, *self.template["Resources"]]:
            text = text.replace("${" + name + "}", str(self.values.get(name, f"<{name}>")))
        return text

    def choose(self, of):
        return self.resolve(of[1] if self.condition(of[0]) else of[2])
