"""Rehearses a deployment: ``python -m local.rehearsal``, after ``make build-here``.

The SAM CLI deploys template.yaml, as it is, to an emulator of AWS, and again with other parameters;
the e2e tests run against what was deployed; then the stack is deleted. Nothing is left, but for
the logs of a rehearsal that failed.
"""

import asyncio
import os
import shutil
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from aiohttp import ClientError as NoAnswerError
from aiohttp import ClientSession
from botocore.exceptions import BotoCoreError, ClientError

from local.gateway.issuer import issuer_of
from local.model.server import LocalModel
from local.rehearsal.cloud import ROOT, Cloud, StepError, running
from local.rehearsal.sam import BUILT, Sam, run
from local.template.reader import load

_STACK = "colloquy"
_TESTS = ("tests/e2e", "tests/deployed")
_MODEL_KEY = "/colloquy/model-key"


@contextmanager
def step(title: str) -> Iterator[None]:
    """Say what is being done, and how long it took."""
    print(f"{title} …", flush=True)
    started = time.monotonic()
    yield
    print(f"  done in {time.monotonic() - started:.1f} s", flush=True)


async def rehearse(directory: Path) -> None:
    """Go through all of it.

    Raises:
        StepError: something did not work.
    """
    template = load(ROOT / "template.yaml")
    issuer = issuer_of(template, directory)
    model = LocalModel(directory)
    try:
        model.start_for(template)
        with running(directory, issuer) as cloud:
            sam = Sam(cloud, directory)
            parameters = {
                "JwtIssuer": issuer.issuer,
                "JwtAudience": issuer.audience,
                "PublicBaseUrl": cloud.api_url,
                # The tests send more as one owner than one owner may.
                "OwnerRequestsPerSecond": "0",
            }
            with step("sam deploy"):
                await sam.deploy({**parameters, "ModelProvider": "off"})
                before = outputs(cloud)
                kept = await _write(before["ApiUrl"], issuer.token("alice"))
            parameters |= {"ShareCleanupRate": "rate(1 minute)", **_model(cloud, model)}
            with step("sam deploy, with a model and another schedule"):
                await sam.deploy(parameters)
                await _read(before["ApiUrl"], issuer.token("alice"), kept)
            if outputs(cloud) != before:
                raise StepError(f"The update changed the outputs: {before}, {outputs(cloud)}")
            with step("The tests, against what was deployed"):
                await _test(cloud, directory, before)
            with step("sam delete, which must leave the table"):
                await sam.delete()
                if cloud.client("dynamodb").list_tables()["TableNames"] != [before["TableName"]]:
                    raise StepError("Deleting the stack deleted the table.")
    finally:
        await model.stop()


def outputs(cloud: Cloud) -> dict[str, str]:
    """Return the outputs of the stack."""
    (stack,) = cloud.client("cloudformation").describe_stacks(StackName=_STACK)["Stacks"]
    return {each["OutputKey"]: each["OutputValue"] for each in stack["Outputs"]}


async def _write(api: str, token: str) -> str:
    """Create a conversation, and return its id."""
    async with (
        _session(api, token) as session,
        session.post("/v1/conversations", json={"title": "Kept"}) as reply,
    ):
        return str((await reply.json())["id"])


async def _read(api: str, token: str, conversation: str) -> None:
    """See that a conversation is there."""
    async with (
        _session(api, token) as session,
        session.get(f"/v1/conversations/{conversation}") as reply,
    ):
        await reply.read()


def _session(api: str, token: str) -> ClientSession:
    headers = {"Authorization": f"Bearer {token}"}
    return ClientSession(api, headers=headers, raise_for_status=True)


def _model(cloud: Cloud, model: LocalModel) -> dict[str, str]:
    """Return the parameters of the model on this machine, with its key where an operator has it."""
    key = model.choice.environment.get("MODEL_API_KEY")
    if key is None:
        return dict(model.choice.parameters)
    cloud.client("ssm").put_parameter(Name=_MODEL_KEY, Value=key, Type="SecureString")
    return {**model.choice.parameters, "ModelKeyParameter": _MODEL_KEY}


async def _test(cloud: Cloud, directory: Path, stack: Mapping[str, str]) -> None:
    environment = {
        **os.environ,
        **cloud.environment,
        "DEPLOYED_STACK": _STACK,
        "DEPLOYED_TABLE": stack["TableName"],
        "DEPLOYED_URL": stack["ApiUrl"],
        "DATA": str(directory),
    }
    status = await run([sys.executable, "-m", "pytest", *_TESTS, "-q"], environment)
    if status != 0:
        raise StepError("What was deployed does not do what it should: see above.")


def main() -> int:
    """Rehearse, and say in the end whether it can be deployed."""
    if not BUILT.exists():
        print("There is nothing to deploy yet: make rehearse builds it.", file=sys.stderr)
        return 1
    directory = Path(tempfile.mkdtemp(prefix="rehearsal-", dir=BUILT.parents[1]))
    started = time.monotonic()
    try:
        asyncio.run(rehearse(directory))
    except (StepError, OSError, BotoCoreError, ClientError, NoAnswerError) as exc:
        print(f"\nThe rehearsal failed: {exc}\nIts logs are in {directory}.", file=sys.stderr)
        for unpacked in ("runtime", "tmp"):
            shutil.rmtree(directory / unpacked, ignore_errors=True)
        return 1
    except KeyboardInterrupt:
        print("\nThe rehearsal was stopped.", file=sys.stderr)
        shutil.rmtree(directory)
        return 130
    shutil.rmtree(directory)
    print(f"\nThe rehearsal succeeded in {time.monotonic() - started:.0f} s.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
