"""Words of wikitext as mwparserfromhell, a reader we did not write, leaves them: pip install mwparserfromhell==0.7.2.

Without arguments it writes packages/octavo/src/data/extract/fixtures/wikitext.json from the samples below. With a dump of
a wiki (.xml or .xml.bz2) it prints one line of JSON for each article: title, wikitext, words.
"""

import bz2
import io
import json
import pathlib
import re
import sys
import xml.etree.ElementTree as xml

import mwparserfromhell

root = pathlib.Path(__file__).resolve().parents[2]

samples = {
    "an article": """{{Short description|A ship}}
{{Infobox ship
| name = ''Pequod''
| image = [[File:Ship.jpg|thumb|A [[whaler]]]]
| owners = {{ubl|Peleg|Bildad}}
}}
[[File:Deck.png|thumb|right|The deck, by [[Ishmael (sailor)|Ishmael]]<ref>seen</ref>]]
The '''''Pequod''''' was a [[Whaler|whaling ship]] of [[Nantucket]]<ref name="a">{{cite book|title=The Ship|page=7}}</ref> that
sailed in the [[19th century]].<ref name="a" /> Her captain was [[Ahab]]<!-- not the king -->; her mates were ''Starbuck'',
''Stubb'' and ''Flask''.

== Crew ==
{{main|Crew of the Pequod}}
* [[Queequeg]] of ''Kokovoko''
** his [[harpoon]]s
* '''Tashtego''' (from [[Gay Head]])
# first [https://example.org/watch watch]
# second watch, see [https://example.org]

=== Wages ===
{| class="wikitable sortable"
|+ Shares of the voyage
|-
! Name !! Lay
|-
| [[Ishmael]] || 300th
|- style="color:red"
| Queequeg
| style="text-align:right" | 90th
|}

== See also ==
* [[Essex (whaleship)|Essex]]

{{reflist|30em}}

[[Category:Ships]]
[[Category:Whaling|Pequod]]
""",
    "tags": """First line<br />second line. <small>Small</small> and <span style="x">spanned</span> and <u>underlined</u>.
<div class="note">A note &mdash; with ''marks''.</div>
Formulas go elsewhere<ref group="n">not [[here]]</ref>. <blockquote>Call me '''[[Ishmael]]'''.</blockquote>
<gallery>
File:A.jpg|One
File:B.jpg|Two
</gallery>
<!-- a comment
of lines --> The end&nbsp;is near &amp; far.
""",
    "templates in templates": """Before {{outer|a={{inner|b|[[c|d]]}}|e={{inner|{{deep}}}}}} after.
{{start|
x = 1
| y = [[z]]
}}And on{{note}} it goes{{note|1|2}}, said he.
""",
    "broken": """An [[unclosed link and a ]] that closes it. Two }} braces, and ''italics
end with the line. == No heading
''', she said. A {{template|with [[a link}} inside.
""",
    "lists": """# one
# two
#* ''two'' and a half
#: still two
; Term : its meaning
: more of it
* last [[item (thing)|item]]
----
Text.
""",
    "tables": """{|
! A
! B
|-
| colspan="2" | ''both''
|-
| 1
* x
* y
|
2
|}
{| border="1"
| in [[row|a row]] || of || three
|-
| {{n/a}} || &minus;5 || <nowiki>[[5]]</nowiki>
|}
""",
    "other scripts": """'''北京'''是[[中华人民共和国]]的[[首都]]，人口约2,189万<ref>统计</ref>。[[Category:北京]]
'''Москва''' — столица [[Россия|России]], город [[федеральный город|федерального]] значения.
'''القاهرة''' هي عاصمة [[مصر|جمهورية مصر العربية]].
""",
}

beside = re.compile(r"(?i)^\s*(file|image|category|[a-z]{2}):")


def words(wikitext):
    code = mwparserfromhell.parse(re.sub(r"<br\s*/?>", " ", wikitext))
    # strip_code leaves references, and what stands beside the text.
    gone = [link for link in code.filter_wikilinks() if beside.match(str(link.title))]
    gone += [tag for tag in code.filter_tags() if str(tag.tag).lower() == "ref"]
    for node in gone:
        try:
            code.remove(node)
        except ValueError:  # inside one that went before
            pass
    return re.findall(r"\w+", code.strip_code(normalize=True, collapse=False))


def articles(path):
    data = bz2.open(path).read() if path.endswith(".bz2") else pathlib.Path(path).read_bytes()
    for _, element in xml.iterparse(io.BytesIO(data)):
        if not element.tag.endswith("}page"):
            continue
        text = element.find(".//{*}revision/{*}text").text or ""
        if element.find("{*}ns").text == "0" and element.find("{*}redirect") is None:
            yield element.find("{*}title").text, text


if len(sys.argv) > 1:
    for title, text in articles(sys.argv[1]):
        print(json.dumps({"title": title, "wikitext": text, "words": words(text)}, ensure_ascii=False))
else:
    made = [{"name": name, "wikitext": text, "words": " ".join(words(text))} for name, text in samples.items()]
    path = root / "packages/octavo/src/data/extract/fixtures/wikitext.json"
    path.parent.mkdir(exist_ok=True)
    path.write_text(json.dumps(made, ensure_ascii=False, indent=1) + "\n", encoding="utf8")
    print(len(made), path.stat().st_size)
