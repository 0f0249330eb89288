"""The public function asks for nothing that its role in template.yaml does not allow."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

import yaml

from colloquy import wiring
from tests.component.test_shares import edit, opened, say, share, talk
from tests.support.client import Client
from tests.support.functions import ROOT, declared, dispatch
from tests.support.rows import Rows

_WORDS = frozenset({"AND", "OR", "IN", "BETWEEN", "begins_with"})


class _AnyTag(yaml.SafeLoader):
    """Reads CloudFormation's own tags as what they stand before."""


_AnyTag.add_multi_constructor("!", lambda *parts: parts[-1].value)


def properties_of(resource: str) -> Mapping[str, Any]:
    document = yaml.load((ROOT / "template.yaml").read_text(), _AnyTag)  # noqa: S506 - a SafeLoader
    found: Mapping[str, Any] = document["Resources"][resource]["Properties"]
    return found


def statement() -> Mapping[str, Any]:
    (policy,) = properties_of("PublicFunction")["Policies"]
    (only,) = policy["Statement"]
    found: Mapping[str, Any] = only
    return found


def named_in(request: Mapping[str, Any]) -> Iterator[str]:
    """Yield the attributes a request names, in its key and in its expressions."""
    aliases = request.get("ExpressionAttributeNames", {})
    for word, text in request.items():
        if word.endswith("Expression"):
            for name in re.findall(r"(?<![:\w])[#\w]+", text):
                if name not in _WORDS:
                    yield aliases.get(name, name)
        elif word == "Key":
            yield from text


def test_it_reads_named_attributes_and_nothing_else(alice: Client, rows: Rows) -> None:
    conversation_id = talk(alice, *[str(number) for number in range(25)])
    item_id = alice.get(f"/v1/conversations/{conversation_id}/items").body["first_id"]
    links = [share(alice, conversation_id, read_only=only) for only in (True, False)]
    path = f"/v1/conversations/{conversation_id}/items/{item_id}/share"
    links.append(alice.post(path, {"include_context": True}).body["share_id"])
    edit(rows, item_id, version=2, text="Later", was="24")
    say(alice, conversation_id, "Later")
    asked: list[tuple[str, Mapping[str, Any]]] = []

    def note(params: Mapping[str, Any], model: Any, **_: Any) -> None:
        asked.append((model.name, params))

    wiring.table()._client.meta.events.register("provide-client-params.dynamodb.*", note)
    anyone = Client(dispatch, None)
    for share_id in links:
        view = opened(anyone, share_id, format="json")
        assert view.status == 200
        for way in ("after", "before"):
            cut = {way: view.body["items"][-1]["id"]}
            assert opened(anyone, share_id, **cut).status == 200

    only = statement()
    allowed = set(only["Condition"]["ForAllValues:StringEquals"]["dynamodb:Attributes"])
    used = set()
    for action, request in asked:
        used.add(f"dynamodb:{action}")
        reads = request["RequestItems"].values() if "RequestItems" in request else [request]
        for read in reads:
            assert "ProjectionExpression" in read, action
            names = set(named_in(read)) | {name for key in read.get("Keys", ()) for name in key}
            assert names <= allowed, action
        if action == "Query":
            assert request["Select"] == "SPECIFIC_ATTRIBUTES"
    assert used == set(only["Action"])
    assert not {"metadata", "call_id", "instructions", "facts", "author"} & allowed


def test_the_public_route_is_throttled_by_the_name_it_has() -> None:
    (settings,) = properties_of("HttpApi")["RouteSettings"].items()
    route, limits = settings
    public = [each for each in declared().routes if each.function == "PublicFunction"]
    assert [f"{each.method} {each.path}" for each in public] == [route]
    assert [each.authorizer for each in public] == [None]
    assert set(limits) == {"ThrottlingRateLimit", "ThrottlingBurstLimit"}
