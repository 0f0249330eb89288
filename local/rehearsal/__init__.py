"""A deployment rehearsed on one machine: the SAM CLI, an emulator of AWS, and the e2e tests."""
