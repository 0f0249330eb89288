"""The public function asks for what its role in template.yaml allows, and for nothing else."""

from collections.abc import Mapping
from typing import Any

import yaml

from tests.component.test_shares import edit, opened, say, share, talk
from tests.support.client import Client
from tests.support.functions import ROOT, declared, dispatch
from tests.support.permissions import record
from tests.support.rows import Rows

FUNCTION = "PublicFunction"


class _AnyTag(yaml.SafeLoader):
    """Reads CloudFormation's own tags as what they stand before."""


_AnyTag.add_multi_constructor("!", lambda *parts: parts[-1].value)


def properties_of(resource: str) -> Mapping[str, Any]:
    document = yaml.load((ROOT / "template.yaml").read_text(), _AnyTag)  # noqa: S506 - a SafeLoader
    found: Mapping[str, Any] = document["Resources"][resource]["Properties"]
    return found


def test_it_reads_named_attributes_and_nothing_else(alice: Client, rows: Rows) -> None:
    conversation_id = talk(alice, *[str(number) for number in range(25)])
    item_id = alice.get(f"/v1/conversations/{conversation_id}/items").body["first_id"]
    links = [share(alice, conversation_id, read_only=only) for only in (True, False)]
    path = f"/v1/conversations/{conversation_id}/items/{item_id}/share"
    links.append(alice.post(path, {"include_context": True}).body["share_id"])
    edit(rows, item_id, version=2, text="Later", was="24")
    say(alice, conversation_id, "Later")
    anyone = Client(dispatch, None)
    with record().watching() as used:
        for share_id in links:
            view = opened(anyone, share_id, format="json")
            assert view.status == 200
            for way in ("after", "before"):
                cut = {way: view.body["items"][-1]["id"]}
                assert opened(anyone, share_id, **cut).status == 200

    listed = {grant for grant in record().permissions.grants() if grant.function == FUNCTION}
    assert used == listed
    assert {grant.what for grant in listed if " on " in grant.what} == {
        f"dynamodb:{action} on table/ConversationsTable"
        for action in ("BatchGetItem", "GetItem", "Query")
    }
    words = {grant.what.rpartition(" ")[2] for grant in listed}
    assert {"PK", "content", "owner"} <= words
    assert not {"metadata", "call_id", "instructions", "facts", "author"} & words


def test_the_public_route_is_throttled_by_the_name_it_has() -> None:
    settings = properties_of("HttpApi")["RouteSettings"]
    routes = [each for each in declared().routes if each.function == "PublicFunction"]
    assert {each.method for each in routes} == {"GET", "HEAD"}
    for public in routes:
        assert public.authorizer is None
        assert set(settings[public.key]) == {"ThrottlingRateLimit", "ThrottlingBurstLimit"}
    assert set(settings) <= {each.key for each in declared().routes}
