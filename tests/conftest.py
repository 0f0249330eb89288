"""What every kind of test stands on: an environment without anybody's AWS account."""

import os
from pathlib import Path

import pytest

# Before anything is imported that reads them: Powertools makes its logger at import.
os.environ.update(
    AWS_ACCESS_KEY_ID="test",
    AWS_SECRET_ACCESS_KEY="test",
    AWS_DEFAULT_REGION="eu-west-1",
    POWERTOOLS_SERVICE_NAME="colloquy",
    # As on one machine: the policies of template.yaml name the table.
    TABLE_NAME="ConversationsTable",
    # Tests of models set up their own.
    MODEL_PROVIDER="off",
    MODEL_TABLE="{}",
)
os.environ.pop("AWS_PROFILE", None)


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Put the verdict on permissions behind the tests that use them, if all of these run."""
    verdict = [item for item in items if item.get_closest_marker("behind_all_others")]
    others = [item for item in items if item not in verdict]
    here = Path(__file__).parent
    needed = {file for kind in ("component", "e2e") for file in here.glob(f"{kind}/**/test_*.py")}
    chosen = config.option.keyword or config.option.markexpr or config.option.deselect
    if chosen or not needed <= {item.path for item in others}:
        config.hook.pytest_deselected(items=verdict)
        verdict = []
    items[:] = [*others, *verdict]
