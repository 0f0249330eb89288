"""The model port, and the ways to a model: Amazon Bedrock, or any OpenAI-compatible server."""
