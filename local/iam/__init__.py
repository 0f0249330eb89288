"""The policies of the functions' roles, and their enforcement."""
