"""How many lines a second ``parse`` reads."""

import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
from tidelog.parse import parse  # noqa: E402

LINES = 40_000

if __name__ == "__main__":
    line = '10.0.0.7 - - "GET /cart HTTP/1.1" 200 31ms'
    start = time.perf_counter()
    for _ in range(LINES):
        parse(line)
    took = time.perf_counter() - start
    print(f"{LINES / took:,.0f} lines/s")
