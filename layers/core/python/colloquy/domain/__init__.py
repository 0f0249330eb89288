"""What a conversation, an item and a project are, and their rules: knows no AWS and no HTTP."""
