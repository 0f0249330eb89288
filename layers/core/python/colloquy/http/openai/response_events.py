"""The event stream of a response, in OpenAI's order."""

import json
from collections.abc import Iterator
from typing import Any

Json = dict[str, Any]


class Events:
    """Numbers the events of one stream and writes them as Server-Sent Events."""

    def __init__(self) -> None:
        self._number = 0

    def event(self, kind: str, **fields: Any) -> str:
        """Return the next event of the stream."""
        data = {"type": kind, "sequence_number": self._number, **fields}
        self._number += 1
        return f"event: {kind}\ndata: {_json(data)}\n\n"


def response_events(started: Json, finished: Json) -> Iterator[str]:
    """Yield the event stream of a response that is complete already.

    ``started`` is the response in progress, without output, ``finished`` as it ended.
    """
    events = Events()
    yield events.event("response.created", response=started)
    yield events.event("response.in_progress", response=started)
    for index, item in enumerate(finished["output"]):
        yield from _item_events(events, index, item)
    yield events.event(f"response.{finished['status']}", response=finished)


def _item_events(events: Events, index: int, item: Json) -> Iterator[str]:
    at = {"output_index": index}
    yield events.event("response.output_item.added", **at, item=_begun(item))
    of_item = {"item_id": item["id"], **at}
    match item["type"]:
        case "message":
            for place, part in enumerate(item["content"]):
                yield from _part_events(events, {**of_item, "content_index": place}, part)
        case "function_call":
            yield from _written(
                events,
                "function_call_arguments",
                of_item,
                "arguments",
                item["arguments"],
                name=item["name"],
            )
        case "custom_tool_call":
            yield from _written(events, "custom_tool_call_input", of_item, "input", item["input"])
        case "reasoning":
            for place, part in enumerate(item.get("content") or ()):
                where = {**of_item, "content_index": place}
                yield from _written(events, "reasoning_text", where, "text", part["text"])
    yield events.event("response.output_item.done", **at, item=item)


def _part_events(events: Events, where: Json, part: Json) -> Iterator[str]:
    yield events.event("response.content_part.added", **where, part=_empty(part))
    if part["type"] == "refusal":
        yield from _written(events, "refusal", where, "refusal", part["refusal"])
    else:
        logprobs = part.get("logprobs", [])
        yield events.event(
            "response.output_text.delta", **where, delta=part["text"], logprobs=logprobs
        )
        yield events.event(
            "response.output_text.done", **where, text=part["text"], logprobs=logprobs
        )
    yield events.event("response.content_part.done", **where, part=part)


def _written(
    events: Events, kind: str, where: Json, field: str, text: str, **more: Any
) -> Iterator[str]:
    yield events.event(f"response.{kind}.delta", **where, delta=text)
    yield events.event(f"response.{kind}.done", **where, **{field: text}, **more)


def _begun(item: Json) -> Json:
    """Return an item as it is before anything is written in it."""
    begun = {**item}
    if "status" in begun:
        begun["status"] = "in_progress"
    for field, empty in (("content", []), ("arguments", ""), ("input", "")):
        if field in begun:
            begun[field] = empty
    return begun


def _empty(part: Json) -> Json:
    """Return a part before its text: some clients append every delta to what is here."""
    if part["type"] == "refusal":
        return {**part, "refusal": ""}
    return {**part, "text": "", **({"logprobs": []} if "logprobs" in part else {})}


def _json(data: Json) -> str:
    return json.dumps(data, ensure_ascii=False, separators=(",", ":"))
