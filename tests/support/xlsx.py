"""Reads a spreadsheet as its format says (ECMA-376), with nothing but Python: a second opinion on what was written."""
import datetime
import re
import xml.etree.ElementTree as tree
import zipfile

MAIN = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"
EPOCH = datetime.datetime(1899, 12, 30)


def unescaped(text):
    """_x0041_ stands for A (22.9.2.19)."""
    return re.sub(r"_x([0-9A-Fa-f]{4})_", lambda match: chr(int(match[1], 16)), text)


def column_of(reference):
    number = 0
    for letter in re.match("[A-Z]+", reference)[0]:
        number = number * 26 + ord(letter) - 64
    return number - 1


def formats(book):
    """The number format of each cell style."""
    styles = tree.fromstring(book.read("xl/styles.xml"))
    own = {int(each.get("numFmtId")): each.get("formatCode") for each in styles.iter(MAIN + "numFmt")}
    cells = styles.find(MAIN + "cellXfs")
    return [own.get(int(each.get("numFmtId")), "") for each in cells]


def cell_value(cell, styles):
    kind, value = cell.get("t"), cell.find(MAIN + "v")
    if kind == "inlineStr":
        return unescaped("".join(text.text or "" for text in cell.iter(MAIN + "t")))
    if value is None:
        return None
    if kind == "b":
        return value.text == "1"
    if kind is not None:
        raise ValueError(f"a cell of type {kind}")
    number, style = float(value.text), styles[int(cell.get("s", 0))]
    if style.startswith("yyyy"):
        moment = EPOCH + datetime.timedelta(days=number)
        moment = (moment + datetime.timedelta(microseconds=500000)).replace(microsecond=0)
        return moment if "hh" in style else moment.date()
    return int(number) if number.is_integer() and "." not in style else number


def read(path):
    """The rows of the one sheet, header first, and whether the header stays in sight."""
    with zipfile.ZipFile(path) as book:
        broken = book.testzip()
        if broken:
            raise ValueError(f"{broken} is damaged")
        styles = formats(book)
        sheet = tree.fromstring(book.read("xl/worksheets/sheet1.xml"))
    formulas = list(sheet.iter(MAIN + "f"))
    if formulas:
        raise ValueError("there are formulas")
    pane = next(sheet.iter(MAIN + "pane"), None)
    frozen = pane is not None and pane.get("state") == "frozen" and pane.get("ySplit") == "1"
    rows = []
    for row in sheet.iter(MAIN + "row"):
        cells = {column_of(cell.get("r")): cell_value(cell, styles) for cell in row}
        rows.append([cells.get(at) for at in range(max(cells, default=-1) + 1)])
    width = len(rows[0])
    return [row + [None] * (width - len(row)) for row in rows], frozen
