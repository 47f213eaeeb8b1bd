"""The benchmark's own code: what it counts, compares and says."""

import sys
from pathlib import Path

sys.path.append(str(Path(__file__).resolve().parents[2] / "bench"))
