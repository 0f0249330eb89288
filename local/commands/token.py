"""Prints a bearer token of the local issuer: ``python -m local.commands.token alice``."""

import argparse
import os
import sys
from pathlib import Path

from local.gateway.issuer import DAY, issuer_of
from local.template.intrinsics import TemplateError
from local.template.reader import load


def main(arguments: list[str] | None = None) -> int:
    """Print the token and nothing else."""
    parser = argparse.ArgumentParser(prog="python -m local.commands.token", description=__doc__)
    parser.add_argument("user", help="whose token: it becomes the sub claim")
    parser.add_argument("--expires-in", type=int, default=DAY, metavar="SECONDS")
    given = parser.parse_args(arguments)
    if not given.user:
        parser.error("the user must not be empty")
    try:
        template = load(os.environ.get("TEMPLATE", "template.yaml"))
        issuer = issuer_of(template, Path(os.environ.get("DATA", ".local")))
    except (TemplateError, OSError) as exc:
        print(exc, file=sys.stderr)
        return 1
    print(issuer.token(given.user, given.expires_in))
    return 0


if __name__ == "__main__":
    sys.exit(main())
