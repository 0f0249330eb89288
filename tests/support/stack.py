"""The deployed stack, as an operator looks at it."""

import os
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import boto3


@dataclass(frozen=True)
class Resource:
    """One resource of the stack: its names in the template and in its service."""

    logical_id: str
    type: str
    id: str
    status: str


class Stack:
    """The stack that DEPLOYED_STACK names."""

    def __init__(self) -> None:
        self.name = os.environ["DEPLOYED_STACK"]

    def client(self, service: str) -> Any:
        clients: Any = boto3
        return clients.client(service)

    @cached_property
    def resources(self) -> dict[str, Resource]:
        """Everything in the stack, by its name in the template."""
        pages = self.client("cloudformation").get_paginator("list_stack_resources")
        return {
            each["LogicalResourceId"]: Resource(
                each["LogicalResourceId"],
                each["ResourceType"],
                each["PhysicalResourceId"],
                each["ResourceStatus"],
            )
            for page in pages.paginate(StackName=self.name)
            for each in page["StackResourceSummaries"]
        }

    def of_type(self, kind: str) -> list[Resource]:
        return [each for each in self.resources.values() if each.type == kind]

    def functions(self) -> Iterator[dict[str, Any]]:
        """Yield the configuration of each function."""
        client = self.client("lambda")
        for function in self.of_type("AWS::Lambda::Function"):
            yield client.get_function_configuration(FunctionName=function.id)

    def log_of(self, logical_id: str) -> list[str]:
        """Return the lines of a log group."""
        group = self.resources[logical_id].id
        pages = self.client("logs").get_paginator("filter_log_events")
        return [
            event["message"]
            for page in pages.paginate(logGroupName=group)
            for event in page["events"]
        ]
