"""Shows in the log of a run what functions log that no request waits for."""

import asyncio
import json
from pathlib import Path
from typing import Any

_POLL_SECONDS = 0.2
# What Powertools' Logger adds to every line, and its readers here know anyway.
_FRAME = {
    *("cold_start", "correlation_id", "function_arn", "function_memory_size", "function_name"),
    *("function_request_id", "level", "location", "service", "timestamp", "xray_trace_id"),
}


async def follow(function: str, log: Path) -> None:
    """Print each fact that a function logs from now on as a line of JSON, until cancelled."""
    position = log.stat().st_size if log.exists() else 0
    while True:
        await asyncio.sleep(_POLL_SECONDS)
        lines, position = lines_from(log, position)
        for line in lines:
            if shown := fact(function, line):
                print(json.dumps(shown, ensure_ascii=False), flush=True)


def fact(function: str, line: str) -> dict[str, Any] | None:
    """Return what a line says, None for what is no log line of ours: metrics, tracebacks."""
    try:
        content = json.loads(line)
    except ValueError:
        return None
    if not isinstance(content, dict) or "message" not in content:
        return None
    facts = {name: value for name, value in content.items() if name not in _FRAME}
    return {"time": content.get("timestamp"), "function": function, **facts}


def lines_from(log: Path, position: int) -> tuple[list[str], int]:
    """Return the whole lines after a position of the file, and the position after them."""
    try:
        with log.open("rb") as file:
            file.seek(position)
            new = file.read()
    except FileNotFoundError:
        return [], 0
    whole, mark, _ = new.rpartition(b"\n")
    return whole.decode("utf-8", "replace").splitlines(), position + len(whole) + len(mark)
