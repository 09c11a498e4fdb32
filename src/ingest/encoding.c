/*
 * The C library's iconv does the work. One-byte encodings are asked for once, character
 * by character, and are a table from then on.
 */
#include "ingest/encoding.h"

#include <ctype.h>
#include <errno.h>
#include <iconv.h>
#include <stdlib.h>
#include <string.h>

/* names: other names in small letters without signs, each between blanks. Windows'
 * supersets stand for the encodings they extend, because that is what files that say
 * "Latin-1" or "Shift-JIS" hold. */
static const struct known {
    const char *name, *iconv, *names;
} known[] = {
    {"UTF-8", "UTF-8", " utf8 utf8bom utf8sig "},
    {"UTF-16LE", "UTF-16LE", " utf16 unicode unicodetext ucs2 ucs2le utf16lebom "},
    {"UTF-16BE", "UTF-16BE", " utf16be ucs2be unicodebig unicodefffe "},
    {"UTF-32LE", "UTF-32LE", " utf32 utf32le ucs4 ucs4le "},
    {"UTF-32BE", "UTF-32BE", " utf32be ucs4be "},
    {"Latin-1", "CP1252",
     " latin1 l1 iso88591 iso885911 windows1252 cp1252 win1252 1252 ansi western usascii ascii "},
    {"Latin-9", "ISO-8859-15", " latin9 l9 iso885915 "},
    {"Latin-2", "ISO-8859-2", " latin2 l2 iso88592 "},
    {"Latin-5", "ISO-8859-9", " latin5 l5 iso88599 "},
    {"ISO-8859-5", "ISO-8859-5", " iso88595 cyrillic "},
    {"ISO-8859-7", "ISO-8859-7", " iso88597 greek "},
    {"ISO-8859-13", "ISO-8859-13", " iso885913 latin7 "},
    {"Windows-1250", "CP1250", " windows1250 cp1250 win1250 1250 "},
    {"Windows-1251", "CP1251", " windows1251 cp1251 win1251 1251 "},
    {"Windows-1253", "CP1253", " windows1253 cp1253 win1253 1253 "},
    {"Windows-1254", "CP1254", " windows1254 cp1254 win1254 1254 "},
    {"Windows-1255", "CP1255", " windows1255 cp1255 win1255 1255 "},
    {"Windows-1256", "CP1256", " windows1256 cp1256 win1256 1256 "},
    {"Windows-1257", "CP1257", " windows1257 cp1257 win1257 1257 "},
    {"Windows-1258", "CP1258", " windows1258 cp1258 win1258 1258 "},
    {"Windows-874", "CP874", " windows874 cp874 tis620 iso885911thai "},
    {"KOI8-R", "KOI8-R", " koi8r koi8 "},
    {"KOI8-U", "KOI8-U", " koi8u "},
    {"Mac Roman", "MACINTOSH", " macroman macintosh mac applemacintosh xmacroman "},
    {"Mac Central European", "MAC-CENTRALEUROPE",
     " maccentraleurope macce maccentraleuropean xmacce "},
    {"Mac Cyrillic", "MAC-CYRILLIC", " maccyrillic xmaccyrillic "},
    {"CP437", "CP437", " cp437 ibm437 437 dos oem "},
    {"CP850", "CP850", " cp850 ibm850 850 doslatin1 "},
    {"CP852", "CP852", " cp852 ibm852 852 doslatin2 "},
    {"CP866", "CP866", " cp866 ibm866 866 doscyrillic "},
    {"Shift-JIS", "CP932", " shiftjis sjis xsjis cp932 ms932 windows31j mskanji 932 "},
    {"EUC-JP", "EUC-JP", " eucjp xeucjp "},
    {"ISO-2022-JP", "ISO-2022-JP", " iso2022jp jis "},
    {"GBK", "GB18030", " gbk gb2312 gb18030 cp936 euccn xgbk 936 "},
    {"Big5", "BIG5-HKSCS", " big5 big5hkscs cp950 xbig5 950 "},
    {"EUC-KR", "UHC", " euckr uhc cp949 ksc5601 ksc56011987 949 "},
};
enum { KNOWN = sizeof known / sizeof *known };

const char *ingest_encoding_name(const struct ingest_encoding *encoding)
{
    return encoding ? encoding->name : "UTF-8";
}

enum { PLAIN_MAX = 40 }; /* bytes: twice the longest name in the list */

/* Small letters and digits between two blanks: " cp1250 ". out has PLAIN_MAX bytes; longer names
 * are none of ours. */
static void plain(const char *name, char *out)
{
    size_t used = 0;
    out[used++] = ' ';
    for (; *name && used < PLAIN_MAX - 4; name++)
        if (isalnum((unsigned char)*name))
            out[used++] = (char)tolower((unsigned char)*name);
    out[used++] = ' ';
    out[used] = 0;
}

static const struct known *find_known(const char *name)
{
    char wanted[PLAIN_MAX], own[PLAIN_MAX];
    plain(name, wanted);
    for (size_t i = 0; i < KNOWN; i++) {
        plain(known[i].name, own);
        if (strcmp(own, wanted) == 0 || strstr(known[i].names, wanted))
            return &known[i];
    }
    return NULL;
}

const char *ingest_encoding_canonical(const char *name)
{
    const struct known *found = find_known(name);
    return found ? found->name : name;
}

/* What iconv_open gives for a name that it does not know: −1 as a pointer. */
static bool is_refused(iconv_t converter)
{
    return (intptr_t)converter == -1;
}

static enum status unknown_encoding(const char *name, struct error *error)
{
    const char *names[KNOWN];
    for (size_t i = 0; i < KNOWN; i++)
        names[i] = known[i].name;
    enum status status = error_set(error, STATUS_USAGE, "there is no encoding %s", name);
    int nearest = text_nearest(name, names, KNOWN);
    if (nearest >= 0)
        error_hint(error, "did you mean %s?", names[nearest]);
    else
        error_hint(
            error,
            "`iconv -l` lists them; the usual ones are UTF-8, UTF-16, Windows-1252, Windows-1250, "
            "Windows-1251, Shift-JIS, GBK, Mac Roman");
    return status;
}

/* One byte's character; the bytes written, 0 when it has none, −1 when one byte is not enough. */
static int convert_byte(iconv_t converter, unsigned char byte, char out[4])
{
    char in = (char)byte, *from = &in, *to = out;
    size_t left = 1, room = 4;
    iconv(converter, NULL, NULL, NULL, NULL);
    size_t result = iconv(converter, &from, &left, &to, &room);
    if (result == (size_t)-1)
        return errno == EINVAL ? -1 : 0;
    iconv(converter, NULL, NULL, &to, &room); /* some wait for an accent that could follow */
    return (int)(4 - room);
}

enum { UPPER = 128, BYTES = 256 }; /* where ASCII ends, and the bytes there are */

/* Fills the table; false for encodings of several bytes a character and for those that
 * are no superset of ASCII. */
static bool tabulate(iconv_t converter, struct ingest_encoding *encoding)
{
    char out[4];
    for (unsigned byte = 1; byte < UPPER; byte++)
        if (convert_byte(converter, (unsigned char)byte, out) != 1 || out[0] != (char)byte)
            return false;

    for (unsigned byte = UPPER; byte < BYTES; byte++) {
        int length = convert_byte(converter, (unsigned char)byte, encoding->upper[byte - UPPER]);

        /* three bytes of UTF-8 reach every character that a one-byte encoding has */
        if (length < 0 || length > 3)
            return false;
        encoding->upper_length[byte - UPPER] = (uint8_t)length;
    }
    return true;
}

/* Bytes without meaning stay visible as such; in Latin-1 they are the controls that ISO
 * 8859-1 has there. */
static void fill_gaps(struct ingest_encoding *encoding)
{
    bool latin1 = strcmp(encoding->name, "Latin-1") == 0;
    for (unsigned i = 0; i < BYTES - UPPER; i++) {
        if (encoding->upper_length[i])
            continue;
        encoding->upper[i][0] = latin1 ? '\xc2' : INGEST_NO_CHARACTER;
        encoding->upper[i][1] = (char)(0x80 + i);
        encoding->upper_length[i] = latin1 ? 2 : 1;
    }
}

static int unit_of(const char *iconv_name)
{
    if (strncmp(iconv_name, "UTF-16", sizeof "UTF-16" - 1) == 0)
        return 2;
    return strncmp(iconv_name, "UTF-32", sizeof "UTF-32" - 1) == 0 ? 4 : 1;
}

enum status ingest_encoding_open(const char *name, struct arena *arena,
                                 const struct ingest_encoding **out, struct error *error)
{
    const struct known *found = find_known(name);
    *out = NULL;

    /* the first of the list is UTF-8, which needs no decoding */
    if (found == known)
        return STATUS_OK;
    const char *iconv_name = found ? found->iconv : name;
    iconv_t converter = iconv_open("UTF-8", iconv_name);
    if (is_refused(converter))
        return unknown_encoding(name, error);

    struct ingest_encoding *encoding = ARENA_NEW(arena, struct ingest_encoding);
    *encoding = (struct ingest_encoding){.name = found ? found->name : arena_strdup(arena, name)};
    encoding->iconv = found ? found->iconv : encoding->name;
    encoding->unit = unit_of(iconv_name);
    encoding->streamed = !tabulate(converter, encoding);
    if (!encoding->streamed)
        fill_gaps(encoding);
    iconv_close(converter);
    *out = encoding;
    return STATUS_OK;
}

size_t ingest_decode(const struct ingest_encoding *encoding, const char *data, size_t length,
                     char *out)
{
    char *to = out;
    for (size_t i = 0; i < length; i++) {
        unsigned char byte = (unsigned char)data[i];
        if (byte < UPPER) {
            *to++ = data[i];
            continue;
        }
        const char *character = encoding->upper[byte - UPPER];
        for (unsigned k = 0; k < encoding->upper_length[byte - UPPER]; k++)
            *to++ = character[k];
    }
    return (size_t)(to - out);
}

/* Streams */

struct ingest_decoder {
    iconv_t converter;
    int unit;
};

enum status ingest_decoder_open(const struct ingest_encoding *encoding, struct ingest_decoder **out,
                                struct error *error)
{
    iconv_t converter = iconv_open("UTF-8", encoding->iconv);
    if (is_refused(converter))
        return unknown_encoding(encoding->name, error);
    struct ingest_decoder *decoder = base_calloc(1, sizeof *decoder);
    decoder->converter = converter;
    decoder->unit = encoding->unit;
    *out = decoder;
    return STATUS_OK;
}

void ingest_decoder_close(struct ingest_decoder *decoder)
{
    if (!decoder)
        return;
    iconv_close(decoder->converter);
    free(decoder);
}

size_t ingest_decoder_run(struct ingest_decoder *decoder, const char **in, const char *end,
                          bool last, char *out, size_t room)
{
    char *to = out, *from;
    memcpy(&from, in, sizeof from); /* iconv reads there, and its prototype forgets to say const */
    size_t left = (size_t)(end - *in);

    while (left > 0 && room > 0) {
        if (iconv(decoder->converter, &from, &left, &to, &room) != (size_t)-1)
            break;

        /* no room, or a character that the next bytes may finish: go on another time */
        if (errno == E2BIG || (errno == EINVAL && !last))
            break;

        /* bytes without meaning become one bad byte, which later condemns their row and no other */
        size_t passed = left < (size_t)decoder->unit ? left : (size_t)decoder->unit;
        from += passed;
        left -= passed;
        *to++ = INGEST_NO_CHARACTER;
        room--;
    }
    *in = from;
    return (size_t)(to - out);
}

enum status ingest_decode_all(const struct ingest_encoding *encoding, const char *data,
                              size_t length, bool whole, char **out, size_t *out_length,
                              struct error *error)
{
    enum { SPARE = 16 }; /* bytes: an empty content gets some memory, too */
    /* two bytes of the densest encodings become three, one of the table at most three */
    size_t room = 3 * length + SPARE;
    *out = base_malloc(room);

    if (!encoding->streamed) {
        *out_length = ingest_decode(encoding, data, length, *out);
        return STATUS_OK;
    }

    struct ingest_decoder *decoder;
    enum status status = ingest_decoder_open(encoding, &decoder, error);
    if (status != STATUS_OK) {
        free(*out);
        *out = NULL;
        return status;
    }
    *out_length = ingest_decoder_run(decoder, &data, data + length, whole, *out, room);
    ingest_decoder_close(decoder);
    return STATUS_OK;
}
