"""The files that hold how far each mapping has processed the table's stream."""

import json
from collections.abc import Mapping
from pathlib import Path


def save(file: Path, stream_arn: str, positions: Mapping[str, str]) -> None:
    """Write the sequence number of the last processed record of each shard."""
    file.parent.mkdir(parents=True, exist_ok=True)
    draft = file.with_suffix(".draft")
    draft.write_text(json.dumps({"stream": stream_arn, "shards": dict(positions)}))
    draft.replace(file)


def load(file: Path, stream_arn: str) -> dict[str, str] | None:
    """Return the positions in a stream, or None where none were saved for it."""
    try:
        saved = json.loads(file.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return None
    return dict(saved["shards"]) if saved["stream"] == stream_arn else None


def processed_by_all(directory: Path, stream_arn: str) -> str | None:
    """Return the sequence number up to which every mapping has processed a stream.

    None where there is no mapping, or one that has processed nothing yet.
    """
    positions = [load(file, stream_arn) for file in directory.glob("*.json")]
    numbers = [number for shards in positions if shards is not None for number in shards.values()]
    if not numbers or any(shards == {} for shards in positions):
        return None
    return min(numbers)
