"""What ministack 1.5.33 lacks for this stack, added from outside."""
