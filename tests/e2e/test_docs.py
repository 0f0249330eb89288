"""The commands of README.md and docs/tutorial.md, pasted into a shell, give what the pages show."""

import json
import os
import re
import subprocess
from pathlib import Path
from typing import Any

import pytest

from tests.support.functions import ROOT
from tests.support.server import Server

pytestmark = pytest.mark.local_only("it asks make for a token of the local issuer")

_BLOCK = re.compile(r"^```console\n(.*?)^```", re.MULTILINE | re.DOTALL)
_ELSEWHERE = ("make run", "make deploy", "make check", "make test", "make invoke")
"""Commands that start or test a server: this test has one, and AWS has the others."""
_TOUR = "tour.py"
"""tests/e2e/test_examples.py runs the tours, with a model."""
_MARK = "--- next command ---"


def commands(page: Path) -> list[tuple[str, str]]:
    """Return each command of a page's console blocks, with the output that the page shows."""
    found = []
    for block in _BLOCK.findall(page.read_text("utf-8")):
        for part in re.split(r"^\$ ", block, flags=re.MULTILINE)[1:]:
            command, _, output = part.partition("\n")
            if not command.startswith(_ELSEWHERE) and _TOUR not in command:
                found.append((command, output.strip()))
    return found


def shape(value: Any) -> Any:
    """Return JSON with only those values that are the same in each run."""
    if isinstance(value, dict):
        return {key: shape(each) for key, each in value.items()}
    if isinstance(value, list):
        return [shape(each) for each in value]
    if isinstance(value, str) and re.fullmatch(r"(item|conv)_\w{26}|2\d{3}-.+Z|\w+-\d+", value):
        return "…"
    return value


def comparable(output: str) -> Any:
    """Return an output as JSON where it is some, without ids, times and request ids."""
    try:
        return shape(json.loads(output))
    except ValueError:
        return shape(output)


@pytest.mark.parametrize("name", ["README.md", "docs/tutorial.md"])
def test_the_commands_of_a_page_give_what_it_shows(
    name: str, server: Server, tmp_path: Path
) -> None:
    pasted = commands(ROOT / name)
    assert len(pasted) > 8
    lines = []
    for command, _ in pasted:
        here = re.sub(r"^export API=\S+$", f"export API={server.url}", command)
        here = here.replace("make -s token", f"make -s -C {ROOT} token")
        # A user of each page's own: what one page leaves must not count in another.
        here = here.replace("USER=alice", f"USER=alice-of-{Path(name).stem}")
        lines += [here, f"echo '{_MARK}'"]
    done = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", "\n".join(lines)],
        cwd=tmp_path,
        env={**os.environ, "DATA": str(server.data)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    printed = [each.strip() for each in done.stdout.split(_MARK)]
    assert len(printed) == len(pasted) + 1
    for (command, shown), output in zip(pasted, printed, strict=False):
        assert comparable(output) == comparable(shown), command
