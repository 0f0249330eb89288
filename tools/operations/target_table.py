"""Which table an operator's command means: that of ``make run``, or one on AWS."""

import argparse
import os
from pathlib import Path
from typing import Any

import boto3

from local.dynamodb.endpoint import endpoint_of
from local.template.reader import load


def parser_of_table(program: str, description: str | None) -> argparse.ArgumentParser:
    """Return a parser that knows how to name a table; the environment gives the defaults."""
    parser = argparse.ArgumentParser(prog=program, description=description)
    add = parser.add_argument
    add("--table", default=os.environ.get("TABLE"), help="a table on AWS, by its name")
    add("--data", type=Path, default=Path(os.environ.get("DATA") or ".local"), help="of make run")
    add("--template", default=os.environ.get("TEMPLATE") or "template.yaml", help="of make run")
    return parser


def table_of(options: argparse.Namespace) -> tuple[Any, str]:
    """Return a client for DynamoDB and the name of the table that is meant.

    Raises:
        OSError: nothing runs in the data directory, and no table was named.
    """
    url = os.environ.get("DYNAMODB") or None
    if options.table:
        return boto3.client("dynamodb", endpoint_url=url), options.table
    declared = load(options.template).table
    if declared is None:
        raise OSError("the template declares no table")
    return endpoint_of(url, options.data).client("dynamodb"), declared.name
