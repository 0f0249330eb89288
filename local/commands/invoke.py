"""Runs one event through a built function: ``python -m local.commands.invoke FUNCTION EVENT``.

FUNCTION is a logical id of template.yaml or a directory's name under functions/, EVENT a file with
the event's JSON. The answer goes to standard output, everything else to standard error; where
there is no answer, the exit status is 1. The table is that of ``make run`` in ``DATA``, opened for
this one event if nothing runs there, or another with ``DYNAMODB``.
"""

import argparse
import asyncio
import os
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from botocore.exceptions import BotoCoreError, ClientError

from local.dynamodb.emulator import Emulator
from local.dynamodb.endpoint import Endpoint, endpoint_of, publish
from local.dynamodb.schema import ensure
from local.functions.rie import BUILT, FunctionError, Rie, UnusableError
from local.iam.policies import Permissions
from local.model.choice import UnusableModelError, choose
from local.process.lock import InUseError, lock
from local.template.reader import Template, TemplateError, load
from local.template.resources import Function


class InvokeError(Exception):
    """The event cannot be run; the message is one sentence for a person."""


async def invoke(name: str, event: Path, data: Path) -> bytes:
    """Return the answer of a function to an event.

    Raises:
        InvokeError: there is no such function, or no such file.
        FunctionError: there is no answer.
    """
    try:
        payload = event.read_bytes()
    except OSError as exc:
        raise InvokeError(f"cannot read {event}: {exc.strerror}") from exc
    # Our own model takes longer to load than one event is worth.
    model = {} if os.environ.get("MODEL_BASE_URL") else {"MODEL": "off"}
    choice = choose({**os.environ, **model}, port=0)
    template = load(BUILT, choice.parameters)
    function = _function(template, name)
    async with _endpoint(data, Permissions.of(template)) as endpoint:
        if template.table is not None:
            ensure(endpoint.client("dynamodb"), template, template.table.name)
        variables = {**endpoint.environment_of(function.name), **choice.environment}
        with Rie.started(function, variables, sys.stderr) as rie:
            return await asyncio.to_thread(rie.invoke, payload)


def _function(template: Template, name: str) -> Function:
    sources = load("template.yaml").functions.values()
    ids = {function.code.name: function.name for function in sources}
    function = template.functions.get(ids.get(name, name))
    if function is None:
        known = ", ".join(sorted(ids.values()))
        raise InvokeError(f"there is no function {name!r}. Those there are: {known}")
    return function


@asynccontextmanager
async def _endpoint(data: Path, permissions: Permissions) -> AsyncIterator[Endpoint]:
    """Return where the table is: the one named, that of a run, or one started until we are done."""
    named = os.environ.get("DYNAMODB")
    try:
        held = None if named else lock(data)
    except InUseError:
        held = None
    if held is None:
        yield endpoint_of(named, data)
        return
    with held:
        emulator = Emulator(data, permissions)
        emulator.start()
        publish(data, emulator.endpoint)
        try:
            yield emulator.endpoint
        finally:
            await emulator.stop()


def main() -> int:
    """Print the answer, or say why there is none."""
    parser = argparse.ArgumentParser(prog="make invoke", description=__doc__)
    parser.add_argument("function", help="a logical id, or a directory under functions/")
    parser.add_argument("event", type=Path, help="a file with the event's JSON, as in events/")
    options = parser.parse_args()
    data = Path(os.environ.get("DATA") or ".local")
    try:
        answer = asyncio.run(invoke(options.function, options.event, data))
    except FunctionError as exc:
        print(f"The function has failed: {exc}", file=sys.stderr)
        return 1
    except (InvokeError, TemplateError, UnusableError, UnusableModelError, OSError) as exc:
        print(f"Cannot invoke: {exc}", file=sys.stderr)
        return 1
    except (ClientError, BotoCoreError) as exc:
        print(f"Cannot invoke: the table's endpoint rejects a request: {exc}", file=sys.stderr)
        return 1
    print(answer.decode())
    return 0


if __name__ == "__main__":
    sys.exit(main())
