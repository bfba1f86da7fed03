"""What datatrove's filters say of sections of Octavo's own pages and of texts made to break each rule.

    python scripts/golden/quality.py        # needs datatrove 0.10.1 and spacy 3.8

Writes packages/octavo/src/data/filters/fixtures/quality.json: a text and four verdicts a case.
"""
import hashlib
import json
import pathlib
import re

from datatrove.data import Document
from datatrove.pipeline.filters import (
    C4QualityFilter,
    FineWebQualityFilter,
    GopherQualityFilter,
    GopherRepetitionFilter,
)

root = pathlib.Path(__file__).resolve().parents[2]
filters = {
    "quality": GopherQualityFilter(),
    "repetition": GopherRepetitionFilter(),
    "c4": C4QualityFilter(),
    "fineweb": FineWebQualityFilter(),
}

prose = (
    "The crew of the ship had been at sea for nine weeks, and no whale had been seen. "
    "Some of the men said that it was the weather; others, who knew better, looked to the captain. "
    "He walked the deck at night with a lantern. What did he have in mind? Nobody could tell! "
    "It's not for us to ask, said the mate, and he went below to be with his charts. "
    "In the morning there was a wind from the south, and all hands were called to the ropes."
)
lines = re.split(r"(?<=[.?!]) ", prose)


def cases():
    for page in ["data", "engine", "performance", "serving", "deployment", "security"]:
        text = (root / "docs" / f"{page}.md").read_text(encoding="utf8")
        for number, section in enumerate(re.split(r"\n(?=## )", text)[:6]):
            if 200 < len(section) < 1600:
                yield f"{page}#{number}", section
    yield "prose", prose
    yield "lines", "\n".join(lines)
    yield "few words", lines[0]
    yield "long words", " ".join(["incomprehensibilities of the"] * 1 + ["electroencephalographically"] * 60)
    yield "short words", "a b c d of to be the " * 12
    yield "hashes", prose + " #a #b #c #d #e #f #g #h #i #j #k #l #m #n #o #p #q"
    yield "ellipses", prose.replace(". ", "... ").replace(", ", "… ")
    yield "bullets", "\n".join(f"- {line}" for line in lines)
    yield "ends", "\n".join(f"{line[:-1]}..." for line in lines[:4]) + "\n" + "\n".join(lines[4:])
    yield "numbers", prose + " 1 22 333 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20 21 22 23 24 25 26 27 28 29 30 31 32"
    yield "no stop words", "Sailors sing loudly while whales swim past ships near islands under stars. " * 1 + " ".join(
        f"Captain number{chr(97 + n)} shouted orders during storm." for n in range(12)
    )
    yield "repeated lines", "\n".join(lines + lines[:5])
    yield "repeated paragraphs", "\n\n".join([lines[0], lines[1], lines[0], lines[1], lines[2], lines[0], lines[1]])
    yield "repeated run", prose + " over and over again my friend" * 9
    yield "top run", prose + " very good" * 16
    yield "spread repeats", " ".join(f"{line} So they all said once more to the {animal}." for line, animal in zip(lines * 2, "whale shark seal gull crab squid".split() * 3))
    yield "dots", "... ".join(lines).replace("the", "the...").replace("and", "and…")
    yield "one long repeated line", "\n".join([prose, *lines, *[f"Line {n} of the log and no more of it." for n in range(12)], prose])
    yield "one long repeated paragraph", "\n\n".join([prose, *lines, *[f"Day {n} of that voyage." for n in range(12)], prose])
    yield "list", "\n".join(f"{word.capitalize()} have." for word in prose.split())
    yield "far apart", "\n\n\n\n\n\n\n".join(lines)
    yield "script", "\n".join(lines + ["Please enable javascript to go on reading.", "We use cookies on this page."])
    yield "bracket", "\n".join(lines + ["function f() { return 1; } is a program, he said."])
    yield "lorem", "\n".join(lines + ["Here stands Lorem ipsum and nothing else."])
    yield "menu", "\n".join(["Home", "About us", "Products", "Contact", "Imprint"] + lines[:2])
    yield "contractions", " ".join(["I can't say that we'll have what they've got; don't ask. She isn't with the U.S. Navy, e.g. as Mr. Smith is."] * 1 + [prose])
    yield "links", prose + " See https://example.org/a?b=c, www.example.com/index.html and mail-order (10km away) of 64-bit C++ and/or more."
    yield "chinese", "他说：“你好。”然后离开了房间，关上了门，走到街上去，再也没有回来过。" * 3


def verdict(which, text):
    document = Document(text=text, id="")
    result = which.filter(document)
    if result is not True:
        return result[1]
    return f"keep {hashlib.sha256(document.text.encode()).hexdigest()[:12]}"


made = [
    {"name": name, "text": text, **{key: verdict(which, text) for key, which in filters.items()}}
    for name, text in cases()
]
path = root / "packages/octavo/src/data/filters/fixtures/quality.json"
path.parent.mkdir(exist_ok=True)
path.write_text(json.dumps(made, ensure_ascii=False, indent=1) + "\n", encoding="utf8")
print(len(made), path.stat().st_size)
