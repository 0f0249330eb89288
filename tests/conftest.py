"""What every kind of test stands on: an environment without anybody's AWS account."""

import os
from typing import Any

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

from tests.support import least_privilege


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Note whether every test takes part that makes a function use its policy."""
    chosen = config.option.keyword or config.option.markexpr or config.option.deselect
    config.stash[least_privilege.COMPLETE] = not chosen and least_privilege.needs() <= {
        item.path for item in items
    }


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any) -> None:
    """Add what one of several parallel workers has seen to what is known of the whole run."""
    least_privilege.add(node.config, getattr(node, "workeroutput", None))


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    """Fail a complete run in which a policy lists too little, or more than was used."""
    if hasattr(session.config, "workeroutput"):
        session.config.workeroutput |= least_privilege.seen(session.config)
    elif least_privilege.violations(session.config) and not session.exitstatus:
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


def pytest_terminal_summary(
    terminalreporter: pytest.TerminalReporter, config: pytest.Config
) -> None:
    """Print the verdict on the policies, behind the failures of single tests."""
    found = least_privilege.violations(config)
    if found:
        terminalreporter.section("policies in template.yaml", red=True)
        terminalreporter.write_line("\n".join(found))
