"""One HTTP/1.1 connection of the Runtime API, with the trailers that end a failed stream.

aiohttp drops trailers, so this little of HTTP is read here; whoever connects is a process of ours.
"""

import asyncio
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field
from http import HTTPStatus

_PIECE_BYTES = 64 * 1024


@dataclass
class Request:
    """A request whose body has not been read yet."""

    method: str
    path: str
    headers: Mapping[str, str]
    """Names in lower case."""
    reader: asyncio.StreamReader
    trailers: dict[str, str] = field(default_factory=dict)
    """Complete when the body has been read."""

    async def pieces(self) -> AsyncIterator[bytes]:
        """Yield the body as it comes."""
        if self.headers.get("transfer-encoding", "").lower() != "chunked":
            async for piece in self._read(int(self.headers.get("content-length", "0"))):
                yield piece
            return
        while size := int((await _line(self.reader)).partition(";")[0], 16):
            async for piece in self._read(size):
                yield piece
            await _line(self.reader)
        self.trailers = await _fields(self.reader)

    async def body(self) -> bytes:
        """Return the whole body."""
        return b"".join([piece async for piece in self.pieces()])

    async def _read(self, size: int) -> AsyncIterator[bytes]:
        while size:
            piece = await self.reader.read(min(size, _PIECE_BYTES))
            if not piece:
                raise asyncio.IncompleteReadError(b"", size)
            size -= len(piece)
            yield piece


async def read_request(
    reader: asyncio.StreamReader, writer: asyncio.StreamWriter
) -> Request | None:
    """Return the next request, or None when there is none any more."""
    try:
        method, path, _ = (await _line(reader)).split(" ", 2)
    except asyncio.IncompleteReadError:
        return None
    headers = await _fields(reader)
    if headers.get("expect", "").lower() == "100-continue":
        writer.write(b"HTTP/1.1 100 Continue\r\n\r\n")
    return Request(method, path, headers, reader)


async def respond(
    writer: asyncio.StreamWriter,
    status: HTTPStatus,
    body: bytes = b"",
    headers: Mapping[str, str] | None = None,
) -> None:
    """Send a response; its body is JSON."""
    fields = {
        "Content-Type": "application/json",
        "Content-Length": str(len(body)),
        **(headers or {}),
    }
    head = "".join(f"{name}: {value}\r\n" for name, value in fields.items())
    writer.write(f"HTTP/1.1 {status.value} {status.phrase}\r\n{head}\r\n".encode() + body)
    await writer.drain()


async def _line(reader: asyncio.StreamReader) -> str:
    return (await reader.readuntil(b"\r\n"))[:-2].decode("latin-1")


async def _fields(reader: asyncio.StreamReader) -> dict[str, str]:
    fields: dict[str, str] = {}
    while line := await _line(reader):
        name, _, value = line.partition(":")
        fields[name.strip().lower()] = value.strip()
    return fields
