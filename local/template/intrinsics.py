"""Reads CloudFormation YAML and resolves its intrinsic functions to plain values."""

import re
from collections.abc import Callable, Mapping
from typing import Any

import yaml

REGION = "us-east-1"
ACCOUNT = "000000000000"
_PSEUDO: Mapping[str, str] = {
    "AWS::AccountId": ACCOUNT,
    "AWS::Partition": "aws",
    "AWS::Region": REGION,
    "AWS::StackName": "local",
    "AWS::StackId": f"arn:aws:cloudformation:{REGION}:{ACCOUNT}:stack/local/local",
    "AWS::URLSuffix": "amazonaws.com",
}
_NO_VALUE = object()


class TemplateError(Exception):
    """The template has something that is not supported; the message names it."""


# In C where PyYAML has it: half a second less at startup.
_SafeLoader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


class _Loader(_SafeLoader):  # type: ignore[misc]  # chosen while running
    """SafeLoader that also reads the short forms (``!Ref``, ``!Sub`` and so on)."""


def _short_form(loader: yaml.SafeLoader, suffix: str, node: yaml.Node) -> dict[str, Any]:
    name = suffix if suffix in ("Ref", "Condition") else f"Fn::{suffix}"
    value: Any
    if isinstance(node, yaml.ScalarNode):
        value = loader.construct_scalar(node)
        if name == "Fn::GetAtt":
            value = str(value).split(".", 1)
    elif isinstance(node, yaml.SequenceNode):
        value = loader.construct_sequence(node, deep=True)
    elif isinstance(node, yaml.MappingNode):
        value = loader.construct_mapping(node, deep=True)
    else:
        raise TemplateError(f"cannot read !{suffix} in the template")
    return {name: value}


_Loader.add_multi_constructor("!", _short_form)
# "2012-10-17" is a version, not a date.
_Loader.add_constructor("tag:yaml.org,2002:timestamp", lambda _, node: str(node.value))


def read_yaml(text: str) -> dict[str, Any]:
    """Return the template as a mapping in which short forms look like long ones.

    Raises:
        TemplateError: when it is not YAML, or not a mapping.
    """
    try:
        # A SafeLoader: it builds plain values only.
        loader = _Loader(text)
        document = loader.get_single_data()
    except yaml.YAMLError as exc:
        raise TemplateError(f"the template is not valid YAML: {exc}") from exc
    if not isinstance(document, dict):
        raise TemplateError("the template is not a mapping")
    return document


class Resolver:
    """Turns values that may hold intrinsic functions into plain ones."""

    def __init__(
        self,
        document: Mapping[str, Any],
        parameters: Mapping[str, str],
        reference: Callable[[str], Any],
        attribute: Callable[[str, str], Any],
    ) -> None:
        """Take what ``Ref`` and ``GetAtt`` of a resource answer as two functions."""
        self._conditions = document.get("Conditions", {})
        self._declared = document.get("Parameters", {})
        self._given = parameters
        self._reference = reference
        self._attribute = attribute

    def __call__(self, value: Any) -> Any:
        """Return ``value`` with every intrinsic function in it replaced by its result.

        Raises:
            TemplateError: for a function or a name that is not known.
        """
        resolved = self._resolve(value)
        return None if resolved is _NO_VALUE else resolved

    def condition(self, name: str) -> bool:
        """Return whether the named condition of the template holds."""
        if name not in self._conditions:
            raise TemplateError(f"the template has no condition {name}")
        return self._truth(self._conditions[name])

    def _resolve(self, value: Any) -> Any:
        if isinstance(value, list):
            resolved = [self._resolve(member) for member in value]
            return [member for member in resolved if member is not _NO_VALUE]
        if not isinstance(value, dict):
            return value
        if len(value) == 1:
            ((name, argument),) = value.items()
            if name == "Ref" or str(name).startswith("Fn::"):
                return self._call(str(name), argument)
        pairs = {key: self._resolve(member) for key, member in value.items()}
        return {key: member for key, member in pairs.items() if member is not _NO_VALUE}

    def _call(self, name: str, argument: Any) -> Any:
        match name:
            case "Ref":
                return self._ref(str(argument))
            case "Fn::GetAtt":
                logical_id, attribute = argument
                return self._attribute(str(logical_id), str(self._resolve(attribute)))
            case "Fn::Sub":
                return self._sub(argument)
            case "Fn::If":
                condition, yes, no = argument
                return self._resolve(yes if self.condition(condition) else no)
            case _:
                raise TemplateError(f"{name} is not supported on one machine")

    def _ref(self, name: str) -> Any:
        if name == "AWS::NoValue":
            return _NO_VALUE
        if name in _PSEUDO:
            return _PSEUDO[name]
        if name not in self._declared:
            return self._reference(name)
        declared = self._declared[name]
        value = self._given.get(name, declared.get("Default"))
        if value is None:
            raise TemplateError(f"parameter {name} has no default and no value was given")
        if declared.get("Type") == "CommaDelimitedList":
            return [part.strip() for part in str(value).split(",")]
        return str(value)

    def _sub(self, argument: Any) -> str:
        text, local = argument if isinstance(argument, list) else (argument, {})

        def replace(match: re.Match[str]) -> str:
            name = match.group(1).strip()
            if name.startswith("!"):
                return "${" + name[1:] + "}"
            if name in local:
                return str(self._resolve(local[name]))
            if "." in name:
                return str(self._attribute(*name.split(".", 1)))
            return str(self._ref(name))

        return re.sub(r"\$\{([^}]*)\}", replace, str(text))

    def _truth(self, expression: Any) -> bool:
        if not isinstance(expression, dict) or len(expression) != 1:
            raise TemplateError(f"not a condition: {expression!r}")
        ((name, argument),) = expression.items()
        match name:
            case "Condition":
                return self.condition(argument)
            case "Fn::Equals":
                left, right = self._resolve(argument)
                return str(left) == str(right)
            case "Fn::And":
                return all(self._truth(part) for part in argument)
            case "Fn::Not":
                return not self._truth(argument[0])
            case _:
                raise TemplateError(f"{name} is not supported in a condition")
