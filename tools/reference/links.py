"""What can be asked next: links from what was made to the operations that take its id."""

import re
from collections.abc import Callable, Mapping
from typing import Any, Final

Json = dict[str, Any]
Operations = Mapping[tuple[str, str], Json]

_IDS: Final[Mapping[str, tuple[str, str]]] = {
    "ConversationOut": ("conversation_id", "$response.body#/id"),
    "ItemOut": ("item_id", "$response.body#/id"),
    "ProjectOut": ("project_id", "$response.body#/id"),
    "ShareMade": ("share_id", "$response.body#/share_id"),
    "MessageShareMade": ("share_id", "$response.body#/share_id"),
}
"""Which parameter of a path the id of a thing is, and where an answer has it."""


def links_of(operations: Operations) -> Callable[[Json], Json]:
    """Return what gives an operation's answers with their links."""
    takes = {
        operation["operationId"]: set(re.findall(r"{(\w+)}", path))
        for (_, path), operation in operations.items()
    }

    def linked(operation: Json) -> Json:
        made = operation["responses"].get("201")
        model = _model_of(made) if made else ""
        if made is None or model not in _IDS:
            return {}
        name, where = _IDS[model]
        known = {each: f"$request.path.{each}" for each in takes[operation["operationId"]]}
        known[name] = where
        links = {
            other: {
                "operationId": other,
                "parameters": {each: known[each] for each in sorted(needed)},
            }
            for other, needed in takes.items()
            if name in needed and needed <= set(known)
        }
        answer = {**made, "links": links}
        return {"responses": {**operation["responses"], "201": answer}}

    return linked


def _model_of(answer: Json) -> str:
    schema = answer["content"]["application/json"]["schema"]
    # Where there may be a list instead, its single form is meant.
    reference = schema.get("$ref") or schema.get("anyOf", [{}])[0].get("$ref", "")
    return str(reference).rpartition("/")[2]
