"""Sizes at which a piece should have become two: functions, files, headers, parameters, lines.

Needs the layout of clang-format: a function's braces stand alone in the first column.
"""
import re

import source

FUNCTION_MAX, FILE_MAX, HEADER_MAX, LINE_MAX = 60, 700, 200, 100
NAME = re.compile(r"(\w+)\(")


def check_functions(path, lines):
    begin, head = 0, ""
    for number, line in enumerate(lines, 1):
        if line == "{":
            begin = number
        elif line == "}" and begin:
            size = number - begin + 1
            if size > FUNCTION_MAX:
                source.finding(path, begin, f"{head} has {size} lines, at most {FUNCTION_MAX}")
            begin = 0
        elif not begin and NAME.search(line) and not line[:1].isspace():
            head = NAME.search(line).group(1)


def check_file(path):
    lines = source.read(path).splitlines()
    ceiling = HEADER_MAX if path.endswith(".h") else FILE_MAX
    if len(lines) > ceiling:
        source.finding(path, len(lines), f"the file has {len(lines)} lines, at most {ceiling}")
    for number, line in enumerate(lines, 1):
        if len(line) > LINE_MAX:
            source.finding(path, number, f"{len(line)} columns, at most {LINE_MAX}")
    check_functions(path, source.code("\n".join(lines)).splitlines())


for name in source.files(*source.PRODUCT):
    check_file(name)
source.finish()
