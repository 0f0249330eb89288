"""What is no stand-in for AWS: operations, builds and the reference."""
