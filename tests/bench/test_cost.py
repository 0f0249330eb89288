"""The cost page says what the code counts today."""

import pytest

from tests.bench.bill import Prices
from tests.bench.cost import MEASURED, PAGE, Tables, filled
from tests.bench.counting import Counts, count
from tests.bench.measuring import Measurements
from tests.bench.operations import IN_LONG_ONES

pytestmark = pytest.mark.timeout(400)


@pytest.fixture(scope="module")
def counts() -> Counts:
    return count()


def test_the_page_is_what_make_cost_writes(counts: Counts) -> None:
    """Where this fails, a count, the template, the prices or the form has changed: `make cost`."""
    page = PAGE.read_text("utf-8")
    measured = Measurements.from_json(MEASURED.read_text("utf-8"))
    assert filled(page, Tables(counts, measured, Prices.read())) == page


def test_every_table_is_on_the_page(counts: Counts) -> None:
    page = PAGE.read_text("utf-8")
    measured = Measurements.from_json(MEASURED.read_text("utf-8"))
    for name in Tables(counts, measured, Prices.read()).names:
        assert page.count(f"<!-- make cost: {name} -->") == 1


@pytest.mark.parametrize("name", IN_LONG_ONES)
def test_it_costs_the_same_in_the_longest_conversation(counts: Counts, name: str) -> None:
    assert counts.full[name] == counts.operations[name].request
