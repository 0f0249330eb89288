"""The SAM CLI, as an operator calls it, with an emulator in AWS's place."""

import asyncio
import json
import os
from collections.abc import Mapping
from pathlib import Path

from local.rehearsal.cloud import ROOT, Cloud, StepError

BUILT = ROOT / ".aws-sam" / "here" / "template.yaml"
_SAM = ROOT / ".venv-sam" / "bin" / "sam"
_SETTINGS = ("--config-file", str(ROOT / "samconfig.toml"), "--config-env", "prod")


class Sam:
    """Deploys and deletes what `make build-here` built, with production's settings."""

    def __init__(self, cloud: Cloud, directory: Path) -> None:
        """Take where to write what the SAM CLI prints, and the parameters of each deployment."""
        self._log = directory / "sam.log"
        self._parameters = directory / "parameters.yaml"
        self._environment = {**os.environ, **cloud.environment, "SAM_CLI_TELEMETRY": "0"}

    async def deploy(self, parameters: Mapping[str, str]) -> None:
        """Create or update the stack.

        Raises:
            StepError: it could not be.
        """
        # In a file, for a value may hold quotes; JSON is YAML.
        self._parameters.write_text(json.dumps(parameters), encoding="utf-8")
        overrides = f"file://{self._parameters}"
        options = ("--template-file", str(BUILT), "--parameter-overrides", overrides)
        await self._run("deploy", *options, "--no-confirm-changeset", "--no-progressbar")

    async def delete(self) -> None:
        """Delete the stack.

        Raises:
            StepError: it could not be.
        """
        await self._run("delete", "--no-prompts")

    async def _run(self, command: str, *options: str) -> None:
        with self._log.open("ab") as log:
            arguments = [str(_SAM), command, *_SETTINGS, *options]
            status = await run(arguments, self._environment, log.fileno())
        if status != 0:
            tail = "\n".join(self._log.read_text("utf-8").splitlines()[-25:])
            raise StepError(f"sam {command} ended with {status}:\n\n{tail}")


async def run(
    arguments: list[str], environment: Mapping[str, str], output: int | None = None
) -> int:
    """Run a program to its end, and end it when we are stopped; return its exit status."""
    process = await asyncio.create_subprocess_exec(
        *arguments,
        cwd=ROOT,
        env=environment,
        stdin=asyncio.subprocess.DEVNULL,
        stdout=output,
        stderr=output,
    )
    try:
        return await process.wait()
    finally:
        if process.returncode is None:
            process.terminate()
            await process.wait()
