"""The child process that is the model: llama.cpp's OpenAI-compatible server on 127.0.0.1.

``python -m local.model.inference PORT GGUF``; the key callers must send is in ``MODEL_API_KEY``.
"""

import os
import signal
import sys
import threading
from importlib import import_module

from local.process.child import die_with_parent

CONTEXT_TOKENS = 8_192
"""What SmolLM2 was trained to read (its config's max_position_embeddings)."""


def main(arguments: list[str]) -> int:
    """Serve until SIGTERM."""
    port, weights = int(arguments[0]), arguments[1]
    die_with_parent()
    # Ctrl-C reaches the whole terminal; the parent decides when we stop.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    stop = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: stop.set())
    # Imported late: it is a hundred megabytes of native code that only this process needs.
    llama = import_module("xllamacpp")
    settings = llama.CommonParams()
    settings.model.path = weights
    settings.model_alias = {"SmolLM2-135M-Instruct"}
    settings.n_ctx = CONTEXT_TOKENS
    settings.hostnames = ["127.0.0.1"]
    settings.port = port
    settings.reuse_port = True
    # Without a key any page in a browser on this machine could use it.
    settings.api_keys = [os.environ["MODEL_API_KEY"]]
    settings.endpoint_slots = False
    settings.ui = False
    settings.verbosity = 1
    # A model this small soon loses the thread at llama.cpp's own 0.8.
    settings.sampling.temp = 0.3
    # ... and repeats itself for want of a penalty. A strong one for single tokens forbids it the
    # words of the question ("Rome" becomes "Romeo"); DRY penalises repeated sequences instead.
    settings.sampling.penalty_repeat = 1.05
    settings.sampling.dry_multiplier = 0.8
    settings.sampling.dry_allowed_length = 3
    settings.sampling.dry_penalty_last_n = 1_024
    # Its threads spin while they wait for each other: as many as cores make all others wait, and
    # the answer too (measured on two busy cores: 1.8 s with one, 5.9 s with two).
    for processors in (settings.cpuparams, settings.cpuparams_batch):
        processors.n_threads = max(1, (os.cpu_count() or 1) // 2)
    server = llama.Server(settings)
    print(f"model ready on {server.listening_address}", file=sys.stderr, flush=True)
    stop.wait()
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
