"""The import rules can fail: each is broken on purpose, in a copy, and found out."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.functions import ROOT

LINT = Path(sys.executable).with_name("lint-imports")
LAYER = "layers/core/python/colloquy"


def lint(root: Path) -> subprocess.CompletedProcess[str]:
    """Run import-linter over a copy of the sources, instead of the installed ones."""
    return subprocess.run(
        [LINT, "--no-cache"],
        cwd=root,
        env={"PYTHONPATH": f"{root / 'layers/core/python'}:{root}", "PATH": ""},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    for part in ("functions", "layers", "local", "tools"):
        shutil.copytree(ROOT / part, tmp_path / part, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    return tmp_path


def test_the_sources_keep_the_rules(copy: Path) -> None:
    found = lint(copy)
    assert found.returncode == 0, found.stdout
    assert "0 broken" in found.stdout


@pytest.mark.parametrize(
    ("file", "line", "rule"),
    [
        (f"{LAYER}/domain/title.py", "import colloquy.services.items", "one way"),
        (f"{LAYER}/store/items.py", "import colloquy.http.items", "one way"),
        (f"{LAYER}/services/items.py", "import colloquy.store.items", "Only wiring joins"),
        ("functions/items/app.py", "import colloquy.store.items", "Only wiring joins"),
        (f"{LAYER}/services/items.py", "import boto3", "knows DynamoDB"),
        (f"{LAYER}/domain/title.py", "import pydantic", "The domain knows no"),
        ("functions/items/app.py", "import local.template.reader", "imports the layer"),
    ],
)
def test_a_planted_violation_is_found(copy: Path, file: str, line: str, rule: str) -> None:
    planted = copy / file
    planted.write_text(f"{planted.read_text()}\n{line}\n")
    found = lint(copy)
    assert found.returncode == 1
    broken = [row for row in found.stdout.splitlines() if row.endswith("BROKEN")]
    assert any(rule in row for row in broken), found.stdout
