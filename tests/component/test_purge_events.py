"""The events for ``sam local invoke`` pass template.yaml's filters, and are answered."""

import json
from pathlib import Path
from typing import Any

import pytest

from local.template.event_patterns import matches_any
from tests.support.client import Context
from tests.support.functions import ROOT, declared, handler_of
from tests.support.rows import Rows

EVENTS = sorted((ROOT / "events" / "purge").glob("*.json"))
(STREAM,) = (each for each in declared().streams if each.function == "PurgeFunction")


@pytest.mark.parametrize("file", EVENTS, ids=lambda file: file.stem)
def test_an_event_is_wanted_and_finds_nothing_to_do(file: Path, rows: Rows) -> None:
    event: dict[str, Any] = json.loads(file.read_text())

    assert all(matches_any(STREAM.filters, record) for record in event["Records"])
    assert handler_of("PurgeFunction")(event, Context()) == {"batchItemFailures": []}
    assert rows.all() == []


@pytest.mark.parametrize(
    ("name", "image"),
    [
        ("MODIFY", "conversation"),
        ("INSERT", "conversation"),
        ("REMOVE", "item"),
        ("REMOVE", "erasure"),
        ("REMOVE", "share_ref"),
        ("REMOVE", "receipt"),
        ("REMOVE", "project"),
    ],
)
def test_nothing_else_wakes_it(name: str, image: str) -> None:
    images = {"OldImage": {"type": {"S": image}}, "NewImage": {"type": {"S": image}}}
    assert not matches_any(STREAM.filters, {"eventName": name, "dynamodb": images})
