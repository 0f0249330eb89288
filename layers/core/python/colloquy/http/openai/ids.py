"""Ids of the dialect: an item's id names its type, over the same stored suffix as ``item_…``.

A client may also bring an id of its own with an item; it is kept and given back as it came.
"""

import re
from collections.abc import Mapping
from typing import Final

from colloquy.domain import ids

MESSAGE: Final = "message"

PREFIXES: Final[Mapping[str, str]] = {
    MESSAGE: "msg",
    "function_call": "fc",
    "function_call_output": "fco",
    "reasoning": "rs",
    "file_search_call": "fs",
    "web_search_call": "ws",
    "image_generation_call": "ig",
    "computer_call": "cu",
    "computer_call_output": "cuo",
    "code_interpreter_call": "ci",
    "mcp_call": "mcp",
    "mcp_list_tools": "mcpl",
    "mcp_approval_request": "mcpr",
    "mcp_approval_response": "mcpa",
    "custom_tool_call": "ctc",
    "custom_tool_call_output": "ctco",
    "compaction": "cmp",
    "shell_call": "sh",
    "shell_call_output": "sho",
    "apply_patch_call": "apc",
    "apply_patch_call_output": "apco",
    "local_shell_call": "lsh",
    "local_shell_call_output": "lsho",
    "tool_search_call": "tsc",
    "tool_search_output": "tso",
}
"""Prefix of an item's id by its type; every other type has ``item``."""

_PREFIX: Final = re.compile(r"[a-z]{1,8}_")


def item_id_of(kind: str, stored: str) -> str:
    """Return the id the dialect gives a stored item of this type."""
    return f"{PREFIXES.get(kind, ids.ITEM)}_{stored.partition('_')[2]}"


def stored_id_of(item_id: str) -> str:
    """Return the stored id that an item's id can stand for, whatever prefix it carries."""
    return _PREFIX.sub(f"{ids.ITEM}_", item_id, count=1)
