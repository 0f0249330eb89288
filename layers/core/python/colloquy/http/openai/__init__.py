"""The OpenAI dialect: the wire of OpenAI's API over the same services as the guide's."""
