"""trafilatura beside ours: answers each line, the path of a page, with the main text it finds and the seconds it took."""
import gzip
import importlib.metadata
import json
import sys
import time

import trafilatura

print(json.dumps({"version": importlib.metadata.version("trafilatura")}), flush=True)
for line in sys.stdin:
    with gzip.open(line.strip(), "rt", encoding="utf8") as page:
        html = page.read()
    started = time.perf_counter()
    text = trafilatura.extract(html, include_comments=False) or ""
    print(json.dumps({"text": text, "seconds": time.perf_counter() - started}), flush=True)
