"""Add an API as a plugin, and land what it says, byte for byte, in a data lake."""

__version__ = "0.1.0"
