"""The one logger: JSON lines of facts that have happened, with ids and never with content."""

from aws_lambda_powertools import Logger

logger = Logger()
