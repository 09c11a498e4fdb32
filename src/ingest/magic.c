/*
 * What is no text, by its first bytes. Names lie (a table of HTML called .xls opens in Excel, a
 * packed file lost its .gz), bytes do not; and whoever gave such a file needs to know what it is
 * and how to make rows of it, not on which line the reading failed.
 */
#include "ingest/magic.h"

#include <string.h>

/* `bytes` at `offset`; what it is ("is …"), and what to do. */
static const struct magic {
    size_t offset, length;
    const char *bytes, *what, *advice;
    bool word; /* so short a word that a column may be called so */
} magics[] = {
#define MAGIC(offset, bytes, what, advice)                    \
    {                                                         \
        offset, sizeof(bytes) - 1, bytes, what, advice, false \
    }
#define WORD(bytes, what, advice)                       \
    {                                                   \
        0, sizeof(bytes) - 1, bytes, what, advice, true \
    }
    MAGIC(0, "\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1",
          "is an old Excel file (XLS) or one with a password",
          "open it in a spreadsheet program and save it as XLSX without a password, or as CSV"),
    MAGIC(0, "\x09\x08\x10\x00", "is an old Excel file (XLS)", "save it as XLSX or CSV"),
    MAGIC(0, "\x09\x04\x06\x00", "is a very old Excel file (XLS)", "save it as XLSX or CSV"),
    MAGIC(0, "\x09\x02\x06\x00", "is a very old Excel file (XLS)", "save it as XLSX or CSV"),
    MAGIC(0, "%PDF", "is a PDF document", "ask for the data behind it as CSV or XLSX"),
    MAGIC(0, "{\\rtf", "is an RTF document", "save the table in it as CSV"),
    MAGIC(0, "Rar!\x1a\x07", "is a RAR archive", "unpack it first"),
    MAGIC(0, "7z\xbc\xaf\x27\x1c", "is a 7-Zip archive", "unpack it first: 7z x"),
    WORD("BZh", "is packed with bzip2", "unpack it first: bunzip2 -k"),
    MAGIC(0,
          "\xfd"
          "7zXZ\0",
          "is packed with xz", "unpack it first: unxz -k"),
    MAGIC(0, "\x28\xb5\x2f\xfd", "is packed with Zstandard", "unpack it first: unzstd"),
    MAGIC(0, "\x04\x22\x4d\x18", "is packed with LZ4", "unpack it first: unlz4"),
    MAGIC(0, "\x1f\x9d", "is packed with compress", "unpack it first: uncompress"),
    MAGIC(0, "PK\5\6", "is an empty ZIP archive", "check the export that wrote it"),
    MAGIC(257, "ustar", "is a tar archive", "unpack it first: tar -xf"),
    MAGIC(0, "SQLite format 3", "is an SQLite database",
          "write the query's rows out: sqlite3 -csv -header FILE 'SELECT …'"),
    MAGIC(0, "Obj\1", "is an Avro file", "convert it to Parquet or CSV"),
    WORD("ORC", "is an ORC file", "convert it to Parquet or CSV"),
    WORD("ARROW1", "is an Arrow (Feather) file", "convert it to Parquet"),
    WORD("FEA1", "is an old Feather file", "convert it to Parquet"),
    MAGIC(0, "$FL2", "is an SPSS file", "save it as CSV"),
    MAGIC(0, "$FL3", "is an SPSS file", "save it as CSV"),
    MAGIC(0, "<stata_dta>", "is a Stata file", "save it as CSV"),
    MAGIC(0, "\x89PNG", "is an image (PNG)", "ask for the data behind it as CSV or XLSX"),
    MAGIC(0, "\xff\xd8\xff", "is an image (JPEG)", "ask for the data behind it as CSV or XLSX"),
    MAGIC(0,
          "\x7f"
          "ELF",
          "is a program", "check the file's name"),
#undef MAGIC
#undef WORD
};

/* How marked-up text begins, in small letters. */
static const struct markup {
    const char *tag, *what, *advice;
} markups[] = {
    {"<!doctype html", "is a web page (HTML), whatever its name says",
     "open it in a browser to see what it is: often a table that calls itself Excel, or a page "
     "that asks for a log-in; "
     "save the table as CSV or XLSX"},
    {"<html", "is a web page (HTML), whatever its name says",
     "open it in a spreadsheet program and save the table as CSV or XLSX"},
    {"<table", "is a table of HTML, whatever its name says",
     "open it in a spreadsheet program and save it as CSV or XLSX"},
    {"<head", "is a web page (HTML), whatever its name says",
     "open it in a spreadsheet program and save the table as CSV or XLSX"},
    {"<meta", "is a web page (HTML), whatever its name says",
     "open it in a spreadsheet program and save the table as CSV or XLSX"},
    {"<div", "is a web page (HTML), whatever its name says",
     "open it in a spreadsheet program and save the table as CSV or XLSX"},
    {"<?xml", "is XML",
     "convert it to CSV; a spreadsheet program opens Excel's XML and saves it as XLSX"},
    {"<?php", "is a program (PHP), not what it writes", "download it through the web server"},
};

static enum status refuse(const char *name, const char *what, const char *advice,
                          struct error *error)
{
    enum status status = error_set(error, STATUS_ERROR, "%s %s", name, what);
    error_hint(error, "%s", advice);
    return status;
}

static bool begins_with_tag(struct text data, const char *tag)
{
    size_t length = strlen(tag);
    return data.length >= length && strncasecmp(data.data, tag, length) == 0;
}

/* Whether the first bytes are such as are printed: those of packed and binary files are not. */
static bool begins_printed(struct text data)
{
    enum { LOOKED_AT = 64 };
    for (size_t i = 0; i < data.length && i < LOOKED_AT; i++) {
        unsigned char c = (unsigned char)data.data[i];
        if ((c < 0x20 && c != '\t' && c != '\r' && c != '\n') || c == 0x7f)
            return false;
    }
    return true;
}

enum status ingest_magic_check(struct text data, const char *name, enum ingest_magic *out,
                               struct error *error)
{
    *out = MAGIC_TEXT;

    if (data.length >= 4 && memcmp(data.data, "PAR1", 4) == 0)
        *out = MAGIC_PARQUET;
    if (data.length >= 4 && memcmp(data.data, "PK\3\4", 4) == 0)
        *out = MAGIC_ZIP;
    if (*out != MAGIC_TEXT)
        return STATUS_OK;

    /* a word as short as ORC may be a column's name: then what follows is printed text */
    for (size_t i = 0; i < sizeof magics / sizeof *magics; i++) {
        const struct magic *magic = &magics[i];
        bool enough = data.length >= magic->offset + magic->length;
        if (enough && memcmp(data.data + magic->offset, magic->bytes, magic->length) == 0 &&
            !(magic->word && begins_printed(data)))
            return refuse(name, magic->what, magic->advice, error);
    }

    if (data.length >= 3 && memcmp(data.data, "\xef\xbb\xbf", 3) == 0)
        data = (struct text){data.data + 3, data.length - 3};
    data = text_trim(data);
    for (size_t i = 0; i < sizeof markups / sizeof *markups; i++)
        if (begins_with_tag(data, markups[i].tag))
            return refuse(name, markups[i].what, markups[i].advice, error);
    return STATUS_OK;
}
