"""Colloquy: where chat applications keep their conversations."""
