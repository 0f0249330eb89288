"""Which parts of a SAM template are emulated, and which mean nothing on one machine.

What is in neither list is an error, so that nothing a template says is silently left out.
"""

from collections.abc import Mapping
from typing import Any

from local.template.intrinsics import TemplateError

IGNORED_TYPES = (
    *("AWS::ApiGatewayV2::ApiMapping", "AWS::ApiGatewayV2::DomainName", "AWS::CloudWatch::"),
    *("AWS::Logs::", "AWS::Route53::"),
)
FUNCTION_IGNORED = {
    *("Architectures", "Description", "LoggingConfig", "ReservedConcurrentExecutions"),
    *("Runtime", "Tracing"),
}
FUNCTION_KNOWN = {
    *("CodeUri", "Environment", "Events", "Handler", "Layers", "MemorySize", "Policies", "Timeout"),
}
API_IGNORED = {"AccessLogSettings", "DefaultRouteSettings", "FailOnWarnings", "RouteSettings"}
TABLE_IGNORED = {
    *("DeletionProtectionEnabled", "PointInTimeRecoverySpecification", "SSESpecification"),
}
TABLE_KNOWN = ("AttributeDefinitions", "BillingMode", "GlobalSecondaryIndexes", "KeySchema")
STREAM_KNOWN = {
    *("BatchSize", "BisectBatchOnFunctionError", "DestinationConfig", "Enabled"),
    *("FilterCriteria", "FunctionResponseTypes", "MaximumRecordAgeInSeconds"),
    *("MaximumRetryAttempts", "ParallelizationFactor", "StartingPosition", "Stream"),
}


def check_known(where: str, properties: Mapping[str, Any], known: set[str]) -> None:
    """Reject properties that are not known.

    Raises:
        TemplateError: naming them.
    """
    unknown = sorted(set(properties) - known)
    if unknown:
        raise TemplateError(f"{where} has {', '.join(unknown)}, which does not work on one machine")
