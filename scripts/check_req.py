"""Every requirement of schemas/requirements.txt is fulfilled by a marked line and seen by a test.

A row is an id and a sentence. A fulfilling line says `// REQ <id>: sentence`; a test names the id.
"""
import re

import source

LIST = "schemas/requirements.txt"
ID = r"[A-Z][A-Za-z0-9]*(?:[-.][A-Za-z0-9]+)+"
MARK = re.compile(r"\bREQ (" + ID + r")(?=[:,\s]|$)", re.MULTILINE)
WORD = re.compile(ID)

wanted = {}
for row_line, (row_id, *sentence) in source.table(LIST):
    if not WORD.fullmatch(row_id) or not sentence:
        source.finding(LIST, row_line, "a row is: id, such as EPCIS-2.0-8.2, and a sentence")
    if row_id in wanted:
        source.finding(LIST, row_line, f"{row_id} is listed twice")
    wanted[row_id] = row_line

fulfilled = set()
for name in source.files(*source.PRODUCT):
    text = source.read(name)
    for mark in MARK.finditer(text):
        fulfilled.add(mark.group(1))
        if mark.group(1) not in wanted:
            where = source.line_of(text, mark.start())
            source.finding(name, where, f"{mark.group(1)} is not listed in {LIST}")

tested = set()
for name in source.files("tests", ends=(".c", ".h", ".py", ".sh")):
    tested |= set(WORD.findall(source.read(name)))

for row_id, row_line in wanted.items():
    if row_id not in fulfilled:
        source.finding(LIST, row_line, f"no line of the source says REQ {row_id}")
    if row_id not in tested:
        source.finding(LIST, row_line, f"no test names {row_id}")
source.finish()
