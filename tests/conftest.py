"""What every kind of test stands on: an environment without anybody's AWS account."""

import os

# Before anything is imported that reads them: Powertools makes its logger at import.
os.environ.update(
    AWS_ACCESS_KEY_ID="test",
    AWS_SECRET_ACCESS_KEY="test",
    AWS_DEFAULT_REGION="eu-west-1",
    POWERTOOLS_SERVICE_NAME="colloquy",
    TABLE_NAME="conversations-test",
    # Tests of models set up their own.
    MODEL_PROVIDER="off",
    MODEL_TABLE="{}",
)
os.environ.pop("AWS_PROFILE", None)
