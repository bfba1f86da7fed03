"""A stage of datatrove on the documents of a JSONL file, one process: seconds of processor time, as a line.

    python bench/datatrove_stages.py read|gopher|minhash|tokenize documents.jsonl tokenizer.json folder

Needs datatrove 0.10.1, spacy 3.8, tokenizers, orjson, xxhash below 4.
"""
import json
import os
import sys
import time

os.environ["TOKENIZERS_PARALLELISM"] = "false"
stage, path, tokenizer, folder = sys.argv[1:]

from datatrove.data import Document
from datatrove.pipeline.dedup.minhash import MinhashConfig, MinhashDedupSignature
from datatrove.pipeline.filters import GopherQualityFilter, GopherRepetitionFilter
from datatrove.pipeline.readers import JsonlReader
from datatrove.pipeline.tokens import DocumentTokenizer
from datatrove.utils.hashing import HashConfig
from datatrove.utils.logging import logger

logger.remove()


def reading(path):
    reader = JsonlReader(os.path.dirname(path), glob_pattern=os.path.basename(path))
    return sum(len(document.text) for document in reader.run(None, 0, 1))


def gopher(documents):
    filters = [GopherRepetitionFilter(), GopherQualityFilter()]
    for document in documents:
        for one in filters:
            try:
                one.filter(document)
            except ZeroDivisionError:
                pass


def minhash(documents):
    signature = MinhashDedupSignature(folder, MinhashConfig(hash_config=HashConfig(precision=64)))
    for document in documents:
        shingles = signature.get_shingles(document.text)
        if shingles.size:
            signature.get_signature(shingles)


def tokenize(documents):
    DocumentTokenizer(
        folder, tokenizer_name_or_path=tokenizer, eos_token="<|endoftext|>", shuffle_documents=False
    ).run(documents, 0, 1)


if stage == "read":
    reading(f"{path}.start")
    work = lambda: reading(path)
else:
    with open(path, encoding="utf8") as file:
        documents = [Document(text=json.loads(line)["text"], id="") for line in file]
    # What is loaded when first used is no part of the stage.
    {"gopher": gopher, "minhash": minhash, "tokenize": tokenize}[stage](documents[:20])
    work = lambda: {"gopher": gopher, "minhash": minhash, "tokenize": tokenize}[stage](documents)
started = time.process_time()
work()
print(time.process_time() - started)
