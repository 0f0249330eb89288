"""What a build still needs after the SAM CLI."""
