"""The language model that answers on one machine."""
