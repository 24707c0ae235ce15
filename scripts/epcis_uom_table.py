#!/usr/bin/python3
"""Makes service/epcis/uom_table.c from schemas/cbv/uom.txt.

epcis_uom_table.py          writes the table
epcis_uom_table.py --check  exit 1 when the table is not what the file says
"""
import os
import re
import sys
from fractions import Fraction

ROOT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..")
TABLE = os.path.join(ROOT, "service/epcis/uom_table.c")
SOURCE = "schemas/cbv/uom.txt"


def number(text):
    """Numerator and denominator of a decimal number or of a fraction of two."""
    over, _, under = text.partition("/")
    value = Fraction(over) / Fraction(under or "1")
    if not 0 < value.numerator < 2**63 or not value.denominator < 2**63:
        raise ValueError(f"{text!r} does not fit")
    return value.numerator, value.denominator


def rows():
    """code -> (dimension, factor, offset, name)"""
    found = {}
    with open(os.path.join(ROOT, SOURCE), encoding="utf-8") as f:
        for place, line in enumerate(f, 1):
            line = line.rstrip("\n")
            if not line or line.startswith("#"):
                continue
            try:
                code, dimension, factor, offset, name = line.split(None, 4)
                if not re.fullmatch("[A-Z0-9]{2,3}", code) or code in found:
                    raise ValueError(f"code {code!r}")
                found[code] = (dimension, number(factor),
                               (0, 1) if offset == "-" else number(offset), name)
            except ValueError as e:
                sys.exit(f"{SOURCE}:{place}: {e}")
    return found


def made():
    table = rows()
    dimensions = list(dict.fromkeys(row[0] for row in table.values()))
    out = [
        "// Made by scripts/epcis_uom_table.py from schemas/cbv/uom.txt; do not edit.",
        '#include "service/epcis/uom.h"',
        "",
        "// clang-format off",
        "const struct epcis_uom epcis_uom_rows[] = {",
    ]
    for code in sorted(table):
        dimension, factor, offset, name = table[code]
        numbers = ", ".join(str(n) for n in (*factor, *offset))
        out.append(f'    {{"{code}", {dimensions.index(dimension)}, {numbers}}}, // {name}')
    out += ["};", "// clang-format on",
            f"const size_t epcis_uom_count = {len(table)};", ""]
    return "\n".join(out)


if __name__ == "__main__":
    text = made()
    if sys.argv[1:] == ["--check"]:
        with open(TABLE, encoding="utf-8") as table_file:
            sys.exit(0 if table_file.read() == text else "service/epcis/uom_table.c is not current")
    with open(TABLE, "w", encoding="utf-8") as table_file:
        table_file.write(text)
