"""Plugins: found, loaded through pluggy, and isolated from each other."""

from ingest_core.plugins.discovery import load_plugins
from ingest_core.plugins.registry import Broken, Installed, Plugins

__all__ = ["Broken", "Installed", "Plugins", "load_plugins"]
