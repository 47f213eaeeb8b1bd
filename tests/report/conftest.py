"""The helpers of this folder."""

from __future__ import annotations

import sys
from pathlib import Path

# Appended, so that tests may import their helpers of this folder.
sys.path.append(str(Path(__file__).resolve().parent))
