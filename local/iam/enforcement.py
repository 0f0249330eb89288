"""Enforces the functions' policies in front of the emulated DynamoDB.

On AWS each function has a role; here its access key id is its own name, and whoever signs with
another is the owner of the machine, who may do everything.
"""

import json
import logging
import re
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path
from typing import Any, Final

from local.iam.policies import AccessDeniedError, Grant, Permissions

Reply = tuple[int, dict[str, str], bytes]
Handle = Callable[[str, str, Mapping[str, str], bytes, Any], Awaitable[Reply]]

log = logging.getLogger(__name__)
_SIGNER: Final = re.compile(r"Credential=([^,/]+)/")


class Guard:
    """Allows or denies each request to DynamoDB, and records what was used and denied."""

    def __init__(self, permissions: Permissions, handle: Handle, record: Path) -> None:
        """Take what answers the requests that are allowed, and the file of the record."""
        self._permissions = permissions
        self._handle = handle
        record.parent.mkdir(parents=True, exist_ok=True)
        self._record = record
        self._known = set(record.read_text("utf-8").splitlines()) if record.exists() else set()

    async def handle(
        self, method: str, path: str, headers: Mapping[str, str], body: bytes, query: Any
    ) -> Reply:
        """Pass a request on, or deny it as DynamoDB does."""
        signer = _SIGNER.search(headers.get("authorization", ""))
        if signer is not None and self._permissions.holds(signer[1]):
            operation = headers.get("x-amz-target", "").rpartition(".")[2]
            try:
                used = self._permissions.used(signer[1], operation, json.loads(body))
            except AccessDeniedError as denied:
                if self._note({"denied": str(denied)}):
                    log.warning("%s", denied)
                return _denied(str(denied))
            for grant in used:
                self._note({"used": grant})
        return await self._handle(method, path, headers, body, query)

    def _note(self, fact: Mapping[str, Any]) -> bool:
        """Write a fact down, unless it is known; return whether it was new."""
        line = json.dumps(fact)
        if line in self._known:
            return False
        self._known.add(line)
        with self._record.open("a", encoding="utf-8") as file:
            file.write(f"{line}\n")
        return True


def permissions_in(data: Path) -> Path:
    """Return where a run leaves word for its emulator what functions may do."""
    return data / "permissions.json"


def record_in(data: Path) -> Path:
    """Return where the record is in a data directory."""
    return data / "logs" / "permissions.jsonl"


def read(record: Path) -> tuple[set[Grant], set[str]]:
    """Return what was used and what was denied, by a record that may be absent."""
    if not record.exists():
        return set(), set()
    facts = [json.loads(line) for line in record.read_text("utf-8").splitlines()]
    used = {Grant(*fact["used"]) for fact in facts if "used" in fact}
    return used, {fact["denied"] for fact in facts if "denied" in fact}


def _denied(message: str) -> Reply:
    error = {"__type": "com.amazon.coral.service#AccessDeniedException", "Message": message}
    return 400, {"Content-Type": "application/x-amz-json-1.0"}, json.dumps(error).encode()
