"""The table: an emulator of DynamoDB that keeps what it acknowledged."""
