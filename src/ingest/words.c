#include "ingest/words.h"

#include <string.h>

/* In lower case. Abbreviations that are a name's first three letters stand here too: one search finds all. */
static const char *const months[12][20] = {
    {"january",        "jan",      "januar",  "j\xc3\xa4nner", "j\xc3\xa4n", "janvier", "janv",
     "enero",          "ene",      "gennaio", "gen",           "janeiro",    "januari", "styczen",
     "stycze\xc5\x84", "stycznia", "sty",     "leden",         "ledna",      "ocak"},
    {"february", "feb",        "februar", "feber",       "f\xc3\xa9vrier", "fevrier",     "f\xc3\xa9vr",
     "fevr",     "f\xc3\xa9v", "febrero", "febbraio",    "fevereiro",      "fev",         "februari",
     "luty",     "lutego",     "lut",     "\xc3\xbanor", "\xc3\xbanora",   "\xc5\x9fubat"},
    {"march", "mar", "m\xc3\xa4rz", "maerz", "m\xc3\xa4r", "mrz", "mars", "marzo", "mar\xc3\xa7o", "marco", "maart",
     "mrt", "marzec", "marca", "marts",
     "b\xc5\x99"
     "ezen",
     "b\xc5\x99"
     "ezna",
     "mart"},
    {"april", "apr", "avril", "avr", "abril", "abr", "aprile", "kwiecie\xc5\x84", "kwiecien", "kwietnia", "kwi",
     "duben", "dubna", "nisan"},
    {"may", "mai", "mayo", "maggio", "mag", "maio", "mei", "maj", "maja", "kv\xc4\x9bten", "kv\xc4\x9btna",
     "may\xc4\xb1s"},
    {"june", "jun", "juni", "juin", "junio", "giugno", "giu", "junho", "czerwiec", "czerwca", "cze",
     "\xc4\x8d"
     "erven",
     "\xc4\x8d"
     "ervna",
     "haziran"},
    {"july", "jul", "juli", "juillet", "juil", "julio", "luglio", "lug", "julho", "lipiec", "lipca", "lip",
     "\xc4\x8d"
     "ervenec",
     "\xc4\x8d"
     "ervence",
     "temmuz"},
    {"august", "aug", "ao\xc3\xbbt", "aout", "agosto", "ago", "augustus", "sierpie\xc5\x84", "sierpien", "sierpnia",
     "sie", "augusti", "srpen", "srpna", "a\xc4\x9fustos"},
    {"september", "sep", "sept", "septembre", "septiembre", "setiembre", "settembre", "set", "setembro",
     "wrzesie\xc5\x84", "wrzesien", "wrze\xc5\x9bnia", "wrzesnia", "wrz", "z\xc3\xa1\xc5\x99\xc3\xad", "eyl\xc3\xbcl"},
    {"october", "oct", "oktober", "okt", "octobre", "octubre", "ottobre", "ott", "outubro", "out",
     "pa\xc5\xba"
     "dziernik",
     "pazdziernik",
     "pa\xc5\xba"
     "dziernika",
     "pazdziernika", "pa\xc5\xba", "paz", "\xc5\x99\xc3\xadjen", "\xc5\x99\xc3\xadjna", "ekim"},
    {"november", "nov", "novembre", "noviembre", "novembro", "listopad", "listopada", "lis", "kas\xc4\xb1m"},
    {"december", "dec", "dezember", "dez",
     "d\xc3\xa9"
     "cembre",
     "decembre",
     "d\xc3\xa9"
     "c",
     "diciembre", "dic", "dicembre", "dezembro", "grudzie\xc5\x84", "grudzien", "grudnia", "gru", "prosinec",
     "prosince", "aral\xc4\xb1k"},
};

static const char *const weekdays[] = {
    "monday",
    "tuesday",
    "wednesday",
    "thursday",
    "friday",
    "saturday",
    "sunday",
    "mon",
    "tue",
    "tues",
    "wed",
    "thu",
    "thur",
    "thurs",
    "fri",
    "sat",
    "sun",
    "montag",
    "dienstag",
    "mittwoch",
    "donnerstag",
    "freitag",
    "samstag",
    "sonnabend",
    "sonntag",
    "mo",
    "di",
    "mi",
    "do",
    "fr",
    "sa",
    "so",
    "lundi",
    "mardi",
    "mercredi",
    "jeudi",
    "vendredi",
    "samedi",
    "dimanche",
    "lun",
    "mar",
    "mer",
    "jeu",
    "ven",
    "sam",
    "dim",
    "lunes",
    "martes",
    "mi\xc3\xa9rcoles",
    "miercoles",
    "jueves",
    "viernes",
    "s\xc3\xa1"
    "bado",
    "sabado",
    "domingo",
    "mi\xc3\xa9",
    "mie",
    "jue",
    "vie",
    "s\xc3\xa1"
    "b",
    "sab",
    "dom",
    "luned\xc3\xac",
    "marted\xc3\xac",
    "mercoled\xc3\xac",
    "gioved\xc3\xac",
    "venerd\xc3\xac",
    "sabato",
    "domenica",
    "gio",
    "segunda-feira",
    "ter\xc3\xa7"
    "a-feira",
    "quarta-feira",
    "quinta-feira",
    "sexta-feira",
    "seg",
    "ter",
    "qua",
    "qui",
    "sex",
    "maandag",
    "dinsdag",
    "woensdag",
    "donderdag",
    "vrijdag",
    "zaterdag",
    "zondag",
    "ma",
    "wo",
    "vr",
    "za",
    "zo",
    "poniedzia\xc5\x82"
    "ek",
    "wtorek",
    "\xc5\x9broda",
    "czwartek",
    "pi\xc4\x85tek",
    "sobota",
    "niedziela",
    "pon",
    "wt",
    "\xc5\x9br",
    "czw",
    "pt",
    "sob",
    "niedz",
    "nd",
};

static const struct {
    const char *name;
    int minutes;
    bool doubtful;
} zones[] = {
    {"utc", 0, false},    {"gmt", 0, false},    {"z", 0, false},      {"wet", 0, false},     {"west", 60, false},
    {"cet", 60, false},   {"cest", 120, false}, {"mez", 60, false},   {"mesz", 120, false},  {"met", 60, false},
    {"mest", 120, false}, {"eet", 120, false},  {"eest", 180, false}, {"msk", 180, false},   {"trt", 180, false},
    {"est", -300, false}, {"edt", -240, false}, {"cst", -360, true},  {"cdt", -300, true},   {"mst", -420, true},
    {"mdt", -360, false}, {"pst", -480, true},  {"pdt", -420, false}, {"akst", -540, false}, {"akdt", -480, false},
    {"hst", -600, false}, {"ast", -240, true},  {"adt", -180, true},  {"nst", -210, false},  {"ndt", -150, false},
    {"bst", 60, true},    {"ist", 330, true},   {"jst", 540, false},  {"kst", 540, false},   {"hkt", 480, false},
    {"sgt", 480, false},  {"pht", 480, false},  {"wib", 420, false},  {"ict", 420, false},   {"sast", 120, false},
    {"cat", 120, false},  {"eat", 180, false},  {"wat", 60, false},   {"brt", -180, false},  {"art", -180, false},
    {"clt", -240, false}, {"cot", -300, false}, {"pet", -300, false}, {"aest", 600, false},  {"aedt", 660, false},
    {"acst", 570, false}, {"acdt", 630, false}, {"awst", 480, false}, {"nzst", 720, false},  {"nzdt", 780, false},
    {"gst", 240, true},   {"pkt", 300, false},  {"npt", 345, false},  {"idt", 180, false},
};

/* Lower case for the letters of these languages: ASCII, Latin-1's and Latin Extended-A's, two bytes each. */
static bool fold(struct text word, char *out, size_t size)
{
    if (word.length == 0 || word.length >= size)
        return false;
    for (size_t i = 0; i < word.length; i++) {
        unsigned char c = (unsigned char)word.data[i], before = i ? (unsigned char)word.data[i - 1] : 0;
        if (c >= 'A' && c <= 'Z')
            c |= 32;
        else if (before == 0xc3 && c >= 0x80 && c <= 0x9e)
            c |= 32;
        else if (before == 0xc5 && c >= 0xb9 && c <= 0xbd && (c & 1)) /* Ź Ż Ž */
            c++;
        else if (before == 0xc5 && c >= 0x81 && c <= 0x87 && (c & 1)) /* Ł Ń */
            c++;
        else if ((before == 0xc4 || before == 0xc5) && !(c & 1) && !(before == 0xc5 && (c < 0x8a || c > 0xb7)) &&
                 !(before == 0xc4 && c >= 0xb8))
            c++;
        out[i] = (char)c;
    }
    out[word.length] = 0;
    return true;
}

enum { WORD_MAX = 24 };

int ingest_month_of(struct text word)
{
    char folded[WORD_MAX];
    if (word.length < 3 || !fold(word, folded, sizeof folded))
        return 0;
    for (int month = 0; month < 12; month++)
        for (size_t i = 0; i < sizeof months[month] / sizeof *months[month] && months[month][i]; i++)
            if (*months[month][i] == *folded && strcmp(months[month][i], folded) == 0)
                return month + 1;
    return 0;
}

bool ingest_is_weekday(struct text word)
{
    char folded[WORD_MAX];
    if (!fold(word, folded, sizeof folded))
        return false;
    for (size_t i = 0; i < sizeof weekdays / sizeof *weekdays; i++)
        if (*weekdays[i] == *folded && strcmp(weekdays[i], folded) == 0)
            return true;
    return false;
}

bool ingest_zone_of(struct text word, int32_t *offset, bool *doubtful)
{
    char folded[WORD_MAX];
    if (!fold(word, folded, sizeof folded))
        return false;
    for (size_t i = 0; i < sizeof zones / sizeof *zones; i++)
        if (strcmp(zones[i].name, folded) == 0) {
            *offset = zones[i].minutes * 60;
            *doubtful = zones[i].doubtful;
            return true;
        }
    return false;
}
