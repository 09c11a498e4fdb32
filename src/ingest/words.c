/*
 * Words in dates, as lists: of months, of days of the week and of zones. Words are folded by a
 * small function of this file's own, which knows the letters of these languages only and keeps a
 * word's length.
 */
#include "ingest/words.h"

#include "base/calendar.h"

#include <string.h>

/* In lower case. Abbreviations that are a name's first three letters stand here too: one
 * search finds all. */
static const char *const months[12][20] = {
    {"january", "jan",      "januar",  "jänner", "jän",     "janvier", "janv",
     "enero",   "ene",      "gennaio", "gen",    "janeiro", "januari", "styczen",
     "styczeń", "stycznia", "sty",     "leden",  "ledna",   "ocak"},
    {"february", "feb",    "februar", "feber",    "février",   "fevrier", "févr",
     "fevr",     "fév",    "febrero", "febbraio", "fevereiro", "fev",     "februari",
     "luty",     "lutego", "lut",     "únor",     "února",     "şubat"},
    {"march", "mar", "märz", "maerz", "mär", "mrz", "mars", "marzo", "março", "marco", "maart",
     "mrt", "marzec", "marca", "marts", "březen", "března", "mart"},
    {"april", "apr", "avril", "avr", "abril", "abr", "aprile", "kwiecień", "kwiecien", "kwietnia",
     "kwi", "duben", "dubna", "nisan"},
    {"may", "mai", "mayo", "maggio", "mag", "maio", "mei", "maj", "maja", "květen", "května",
     "mayıs"},
    {"june", "jun", "juni", "juin", "junio", "giugno", "giu", "junho", "czerwiec", "czerwca", "cze",
     "červen", "června", "haziran"},
    {"july", "jul", "juli", "juillet", "juil", "julio", "luglio", "lug", "julho", "lipiec", "lipca",
     "lip", "červenec", "července", "temmuz"},
    {"august", "aug", "août", "aout", "agosto", "ago", "augustus", "sierpień", "sierpien",
     "sierpnia", "sie", "augusti", "srpen", "srpna", "ağustos"},
    {"september", "sep", "sept", "septembre", "septiembre", "setiembre", "settembre", "set",
     "setembro", "wrzesień", "wrzesien", "września", "wrzesnia", "wrz", "září", "eylül"},
    {"october", "oct", "oktober", "okt", "octobre", "octubre", "ottobre", "ott", "outubro", "out",
     "październik", "pazdziernik", "października", "pazdziernika", "paź", "paz", "říjen", "října",
     "ekim"},
    {"november", "nov", "novembre", "noviembre", "novembro", "listopad", "listopada", "lis",
     "kasım"},
    {"december", "dec", "dezember", "dez", "décembre", "decembre", "déc", "diciembre", "dic",
     "dicembre", "dezembro", "grudzień", "grudzien", "grudnia", "gru", "prosinec", "prosince",
     "aralık"},
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
    "miércoles",
    "miercoles",
    "jueves",
    "viernes",
    "sábado",
    "sabado",
    "domingo",
    "mié",
    "mie",
    "jue",
    "vie",
    "sáb",
    "sab",
    "dom",
    "lunedì",
    "martedì",
    "mercoledì",
    "giovedì",
    "venerdì",
    "sabato",
    "domenica",
    "gio",
    "segunda-feira",
    "terça-feira",
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
    "poniedziałek",
    "wtorek",
    "środa",
    "czwartek",
    "piątek",
    "sobota",
    "niedziela",
    "pon",
    "wt",
    "śr",
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
    {"utc", 0, false},     {"gmt", 0, false},    {"z", 0, false},      {"wet", 0, false},
    {"west", 60, false},   {"cet", 60, false},   {"cest", 120, false}, {"mez", 60, false},
    {"mesz", 120, false},  {"met", 60, false},   {"mest", 120, false}, {"eet", 120, false},
    {"eest", 180, false},  {"msk", 180, false},  {"trt", 180, false},  {"est", -300, false},
    {"edt", -240, false},  {"cst", -360, true},  {"cdt", -300, true},  {"mst", -420, true},
    {"mdt", -360, false},  {"pst", -480, true},  {"pdt", -420, false}, {"akst", -540, false},
    {"akdt", -480, false}, {"hst", -600, false}, {"ast", -240, true},  {"adt", -180, true},
    {"nst", -210, false},  {"ndt", -150, false}, {"bst", 60, true},    {"ist", 330, true},
    {"jst", 540, false},   {"kst", 540, false},  {"hkt", 480, false},  {"sgt", 480, false},
    {"pht", 480, false},   {"wib", 420, false},  {"ict", 420, false},  {"sast", 120, false},
    {"cat", 120, false},   {"eat", 180, false},  {"wat", 60, false},   {"brt", -180, false},
    {"art", -180, false},  {"clt", -240, false}, {"cot", -300, false}, {"pet", -300, false},
    {"aest", 600, false},  {"aedt", 660, false}, {"acst", 570, false}, {"acdt", 630, false},
    {"awst", 480, false},  {"nzst", 720, false}, {"nzdt", 780, false}, {"gst", 240, true},
    {"pkt", 300, false},   {"npt", 345, false},  {"idt", 180, false},
};

/* Lower case for the letters of these languages: ASCII, Latin-1's and Latin Extended-A's,
 * two bytes each. */
static bool fold(struct text word, char *out, size_t size)
{
    if (word.length == 0 || word.length >= size)
        return false;
    for (size_t i = 0; i < word.length; i++) {
        unsigned char c = (unsigned char)word.data[i],
                      before = i ? (unsigned char)word.data[i - 1] : 0;
        if (c >= 'A' && c <= 'Z')
            c |= 32;
        else if (before == 0xc3 && c >= 0x80 && c <= 0x9e)
            c |= 32;
        else if (before == 0xc5 && c >= 0xb9 && c <= 0xbd && (c & 1)) /* Ź Ż Ž */
            c++;
        else if (before == 0xc5 && c >= 0x81 && c <= 0x87 && (c & 1)) /* Ł Ń */
            c++;
        else if ((before == 0xc4 || before == 0xc5) && !(c & 1) &&
                 !(before == 0xc5 && (c < 0x8a || c > 0xb7)) && !(before == 0xc4 && c >= 0xb8))
            c++;
        out[i] = (char)c;
    }
    out[word.length] = 0;
    return true;
}

enum { WORD_MAX = 24 }; /* bytes: the longest name of a month or a weekday has fewer */

int ingest_month_of(struct text word)
{
    char folded[WORD_MAX];
    if (word.length < 3 || !fold(word, folded, sizeof folded))
        return 0;
    for (int month = 0; month < MONTHS_A_YEAR; month++)
        for (size_t i = 0; i < sizeof months[month] / sizeof *months[month] && months[month][i];
             i++)
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
            *offset = zones[i].minutes * SECONDS_A_MINUTE;
            *doubtful = zones[i].doubtful;
            return true;
        }
    return false;
}
