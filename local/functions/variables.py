"""The environment variables of an execution environment, but for the address it calls."""

import os

from local.process.child import plain_environment
from local.template.resources import Function


def variables_of(function: Function, stream: str) -> dict[str, str]:
    """Return the variables that Lambda sets for a function; ``stream`` names its log stream."""
    return {
        **plain_environment(),
        # The newest runtime: its client encodes JSON by this name.
        "AWS_EXECUTION_ENV": "AWS_Lambda_python3.14",
        "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": str(function.memory),
        "AWS_LAMBDA_FUNCTION_NAME": function.name,
        "AWS_LAMBDA_FUNCTION_VERSION": "$LATEST",
        "AWS_LAMBDA_INITIALIZATION_TYPE": "on-demand",
        "AWS_LAMBDA_LOG_GROUP_NAME": f"/aws/lambda/{function.name}",
        "AWS_LAMBDA_LOG_STREAM_NAME": stream,
        "LAMBDA_TASK_ROOT": str(function.code),
        "_HANDLER": function.handler,
        "PYTHONPATH": os.pathsep.join(str(path) for path in (function.code, *function.layers)),
        **function.environment,
    }
