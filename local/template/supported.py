"""Which parts of a SAM template the stand-in honours, and which mean nothing on one machine.

What is in neither list is an error, so that nothing a template says is silently left out.
"""

from collections.abc import Mapping
from typing import Any

from local.template.intrinsics import TemplateError

IGNORED_TYPES = (
    "AWS::ApiGatewayV2::ApiMapping",
    "AWS::ApiGatewayV2::DomainName",
    "AWS::Budgets::",
    "AWS::CloudWatch::",
    "AWS::IAM::",
    "AWS::Logs::",
    "AWS::Route53::",
    "AWS::SNS::",
    "AWS::SQS::QueuePolicy",
)
FUNCTION_IGNORED = {
    "Architectures",
    "AutoPublishAlias",
    "DeploymentPreference",
    "Description",
    "LoggingConfig",
    "PermissionsBoundary",
    "RecursiveLoop",
    "ReservedConcurrentExecutions",
    "Role",
    "RolePath",
    "Runtime",
    "RuntimeManagementConfig",
    "SnapStart",
    "Tags",
    "Tracing",
}
FUNCTION_KNOWN = {
    "CodeUri",
    "Environment",
    "Events",
    "FunctionName",
    "Handler",
    "Layers",
    "MemorySize",
    "Policies",
    "Timeout",
}
API_IGNORED = {
    "AccessLogSettings",
    "DefaultRouteSettings",
    "Description",
    "FailOnWarnings",
    "Name",
    "PropagateTags",
    "RouteSettings",
    "Tags",
}
TABLE_IGNORED = {
    "ContributorInsightsSpecification",
    "DeletionProtectionEnabled",
    "OnDemandThroughput",
    "PointInTimeRecoverySpecification",
    "ResourcePolicy",
    "SSESpecification",
    "TableClass",
    "Tags",
    "WarmThroughput",
}
TABLE_KNOWN = (
    "AttributeDefinitions",
    "BillingMode",
    "GlobalSecondaryIndexes",
    "KeySchema",
    "LocalSecondaryIndexes",
    "ProvisionedThroughput",
)
STREAM_KNOWN = {
    "BatchSize",
    "BisectBatchOnFunctionError",
    "DestinationConfig",
    "Enabled",
    "FilterCriteria",
    "FunctionResponseTypes",
    "MaximumBatchingWindowInSeconds",
    "MaximumRecordAgeInSeconds",
    "MaximumRetryAttempts",
    "ParallelizationFactor",
    "StartingPosition",
    "Stream",
}
SCHEDULE_KNOWN = {
    "Description",
    "Enabled",
    "FlexibleTimeWindow",
    "Input",
    "Name",
    "RetryPolicy",
    "Schedule",
    "ScheduleExpression",
    "ScheduleExpressionTimezone",
    "State",
}


def check_known(where: str, properties: Mapping[str, Any], known: set[str]) -> None:
    """Refuse properties that are not known.

    Raises:
        TemplateError: naming them.
    """
    unknown = sorted(set(properties) - known)
    if unknown:
        raise TemplateError(f"{where} has {', '.join(unknown)}, which does not work on one machine")
