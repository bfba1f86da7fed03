"""datatrove's stages on the documents of a JSONL file, one core: seconds of each, as a line of JSON.

    python bench/data.py documents.jsonl        # needs datatrove 0.10.1, spacy 3.8, tokenizers, xxhash below 4
"""
import json
import sys
import time

from datatrove.data import Document
from datatrove.pipeline.dedup.minhash import MinhashConfig, MinhashDedupSignature
from datatrove.pipeline.filters import C4QualityFilter, FineWebQualityFilter, GopherQualityFilter, GopherRepetitionFilter
from datatrove.pipeline.formatters import PIIFormatter
from datatrove.utils.hashing import HashConfig

with open(sys.argv[1], encoding="utf8") as file:
    texts = [json.loads(line)["text"] for line in file]
gopher = [GopherRepetitionFilter(), GopherQualityFilter()]
c4, fineweb, pii = C4QualityFilter(), FineWebQualityFilter(), PIIFormatter()
signature = MinhashDedupSignature("/tmp", MinhashConfig(hash_config=HashConfig(precision=64)))


def judge(which, text):
    try:
        return which.filter(Document(text=text, id=""))
    except ZeroDivisionError:
        return False


def sign(text):
    shingles = signature.get_shingles(text)
    return signature.get_signature(shingles) if shingles.size else None


stages = {
    "gopher": lambda text: [judge(one, text) for one in gopher],
    "c4": lambda text: judge(c4, text),
    "fineweb": lambda text: judge(fineweb, text),
    "personal data": pii.format,
    "MinHash": sign,
}
judge(gopher[0], texts[0])
seconds = {}
for name, stage in stages.items():
    started = time.process_time()
    for text in texts:
        stage(text)
    seconds[name] = time.process_time() - started
print(json.dumps(seconds))
