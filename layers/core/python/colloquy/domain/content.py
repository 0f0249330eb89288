"""What a part of a message is to a reader: a text, a picture, something attached, or neither."""

import re
from collections.abc import Mapping
from typing import Any, Final, Literal

Kind = Literal["text", "picture", "attachment", "other"]

ATTACHMENT: Final = "attachment"
"""The type of a part in the place of one that a link names and does not give out."""

_TEXTS: Final = frozenset({"text", "input_text", "output_text"})
_PICTURES: Final = frozenset({"input_image", "image_url", "image", "output_image"})
_FILES: Final = frozenset({"file", "input_file", "output_file"})
_AUDIO: Final = frozenset({"audio", "input_audio", "output_audio"})
_VIDEO: Final = frozenset({"video", "input_video", "video_url"})
_ADDRESS: Final = re.compile(
    r"https?://\S+|data:image/(?:png|jpe?g|gif|webp);base64,[A-Za-z0-9+/]+={0,2}", re.IGNORECASE
)
_LONGEST_NAME: Final = 200


def read(part: Mapping[str, Any]) -> tuple[Kind, str]:
    """Return a part's kind with its text, its picture's address, or what is attached.

    Of APIs of the field: Responses, Chat Completions, Messages. Nothing of the owner's, as a
    file's id, is in it.
    """
    kind = part.get("type")
    if kind in _TEXTS and isinstance(part.get("text"), str):
        return "text", part["text"]
    if kind == "refusal" and isinstance(part.get("refusal"), str):
        return "text", part["refusal"]
    if kind in _PICTURES:
        address = _address(part)
        return ("picture", address) if address else ("attachment", "Picture")
    attached = _attached(part)
    return ("attachment", attached) if attached else ("other", "")


def _attached(part: Mapping[str, Any]) -> str | None:
    kind = part.get("type")
    if kind in _FILES:
        return _named("File", _inside(part, "file", "filename"))
    if kind in _AUDIO:
        return _named("Audio", _inside(part, "audio", "transcript"))
    if kind in _VIDEO:
        return "Video"
    text = part.get("text")
    return text if kind == ATTACHMENT and isinstance(text, str) else None


def _address(part: Mapping[str, Any]) -> str | None:
    found = part.get("image_url")
    if isinstance(found, Mapping):
        found = found.get("url")
    source = part.get("source")
    if isinstance(source, Mapping):
        found = source.get("url", f"data:{source.get('media_type')};base64,{source.get('data')}")
    return found if isinstance(found, str) and _ADDRESS.fullmatch(found) else None


def _inside(part: Mapping[str, Any], inner: str, name: str) -> Any:
    """Return a field of a part, or of the object in it that some APIs put it into."""
    within = part.get(inner)
    return part.get(name) or (within.get(name) if isinstance(within, Mapping) else None)


def _named(what: str, name: Any) -> str:
    return f"{what}: {name[:_LONGEST_NAME]}" if isinstance(name, str) and name.strip() else what
