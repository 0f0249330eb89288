"""``make openapi`` writes the document; ``--check`` says how the committed one differs."""

import argparse
import difflib
import json
import sys
from pathlib import Path

from tools.reference.document import document

DOCUMENT = Path("layers/core/python/colloquy/http/openapi.json")


def text_of(root: Path) -> str:
    """Return the document of what is in ``root``, as it is committed."""
    return json.dumps(document(root), indent=1, ensure_ascii=False) + "\n"


def main() -> int:
    """Write the document, or compare it."""
    parser = argparse.ArgumentParser(prog="tools.reference")
    parser.add_argument("--check", action="store_true", help="compare, and write nothing")
    check = parser.parse_args().check
    made = text_of(Path())
    if not check:
        DOCUMENT.write_text(made, encoding="utf-8")
        return 0
    committed = DOCUMENT.read_text("utf-8") if DOCUMENT.exists() else ""
    difference = difflib.unified_diff(
        committed.splitlines(), made.splitlines(), str(DOCUMENT), "the code", lineterm=""
    )
    shown = list(difference)
    if shown:
        print("\n".join(shown), file=sys.stderr)
        print("\nThe document is not that of the code: run `make openapi`.", file=sys.stderr)
    return 1 if shown else 0


if __name__ == "__main__":
    sys.exit(main())
