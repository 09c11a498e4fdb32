#include "cli/commands.h"

#define END \
    {       \
        0   \
    }

const struct cli_option cli_common_options[] = {
    {"directory", 'C', "DIR", "the store, instead of STORE", false},
    {"json", 0, NULL, "print JSON", false},
    {"quiet", 'q', NULL, "only data and errors, no remarks", false},
    {"help", 'h', NULL, "this text", false},
    END,
};

const struct cli_option cli_moment_options[] = {
    {"as-of", 0, "T",
     "the moment it is about: a date, a moment, or latest (just after the newest fact); now if not "
     "given",
     false},
    {"known-at", 0, "K", "without what was received after K", false},
    END,
};

static const struct cli_option init_options[] = {
    {"time-zone", 0, "ZONE", "where the business keeps its calendar, such as Europe/Vienna (UTC)",
     false},
    {"currency", 0, "CODE", "the currency of amounts without one, such as EUR", false},
    END,
};

static const struct cli_option import_options[] = {
    {"kind", 'k', "KIND", "what the rows are: order, view, …; customer for traits", false},
    {"reference", 0, "NAME", "import a reference table (products, accounts) instead", false},
    {"key", 0, "COL", "the reference table's key column", false},
    {"customer", 0, "COL", "whose row it is (guessed if not given)", false},
    {"time", 0, "COL", "when it happened (guessed if not given)", false},
    {"clock", 0, "COL", "its time of day, when the date stands alone (guessed if not given)",
     false},
    {"amount", 0, "COL", "what it was worth: what models and value add up (guessed if not given)",
     false},
    {"id", 0, "COL,...", "what identifies a fact, so that it arrives once", false},
    {"group-by", 0, "COL", "one fact for all rows of an invoice; its lines become KIND.line",
     false},
    {"set", 0, "NAME=SQL", "a computed column", true},
    {"where", 0, "SQL", "keep only rows for which this holds; the others are counted as filtered",
     false},
    {"select", 0, "COL,...", "keep only these columns", false},
    {"trait", 0, "NAME=COL", "a column that is a trait of the customer", true},
    {"map", 0, "NAME=COL", "another name for a column", true},
    {"refers", 0, "COL=NAME", "the column holds keys of the reference table NAME", true},
    {"type", 0, "COL=TYPE", "read a column as this type or date format", true},
    {"time-format", 0, "FORMAT",
     "how the time is written: DD.MM.YYYY HH:mm, or %d.%m.%Y %H:%M (detected)", false},
    {"na", 0, "[COL=]WORD,...",
     "words that mean no value, besides empty, NA, NULL, … (in one column)", true},
    {"delimiter", 0, "CHAR",
     "what stands between fields: any one sign, or tab, bar, space (detected)", false},
    {"decimal", 0, "CHAR", "the decimal sign (detected)", false},
    {"encoding", 0, "NAME", "utf-8, utf-16, latin-1, windows-1250, shift-jis, … (detected)", false},
    {"header", 0, "yes|no", "whether a line names the columns (detected)", false},
    {"skip", 0, "N",
     "pass over the first N lines; the header follows (titles are found by themselves)", false},
    {"sheet", 0, "NAME|N",
     "which sheet of a spreadsheet to read (the first one that is not hidden)", false},
    {"currency-column", 0, "COL", "the column that says which currency the amounts are in", false},
    {"file-time-zone", 0, "ZONE", "the zone of times without an offset (the store's)", false},
    {"valid-from", 0, "T", "traits: since when they hold, when the file does not say", false},
    {"undated", 0, NULL, "traits: they hold always", false},
    {"max-time", 0, "T", "set rows aside whose time is after this date or moment", false},
    {"mapping", 0, "FILE", "read these settings from FILE", false},
    {"save-mapping", 0, "FILE", "write these settings to FILE", false},
    {"on-conflict", 0, "set-aside|replace",
     "what to do with another content under a known id (set-aside)", false},
    {"rejects", 0, "FILE", "write the rows that were set aside to FILE too", false},
    {"max-rejects", 0, "N|P%", "stop, importing nothing, when more rows than this are set aside",
     false},
    {"retry", 0, "FILE", "import the mended file of rejects", false},
    {"replace", 0, "N", "take import N back and import this instead, in one step", false},
    {"again", 0, NULL, "import the same file once more, with another mapping", false},
    {"query", 0, "SQL", "what to read from the PostgreSQL database named postgresql://…", false},
    {"dry-run", 'n', NULL, "show the mapping, the first rows and every problem; import nothing",
     false},
    END,
};

static const struct cli_option imports_options[] = {
    {"dry-run", 'n', NULL, "undo: say what would break and what hangs on it, and stop", false},
    {"scores", 0, NULL, "list what models told, too; without it their tellings are only counted",
     false},
    END,
};

static const struct cli_option check_options[] = {
    {"store", 0, "STORE", "check names and types against this store too", false},
    END,
};

static const struct cli_option fmt_options[] = {
    {"write", 'w', NULL, "change the files instead of printing", false},
    {"check", 0, NULL, "change nothing; fail when a file is not in canonical form", false},
    END,
};

static const struct cli_option apply_options[] = {
    {"dry-run", 'n', NULL, "show what would change and stop", false},
    {"yes", 'y', NULL, "save without asking", false},
    {"prune", 0, NULL, "delete segments that are not in the files", false},
    END,
};

static const struct cli_option output_options[] = {
    {"output", 'o', "FILE", "write to FILE instead of stdout", false},
    END,
};

static const struct cli_option report_options[] = {
    {"title", 0, "TEXT", "what stands at the top (the store's name)", false},
    {"sections", 0, "NAME,...", "only these: summary, overview, segments, detail, revenue, … (all)",
     false},
    {"output", 'o', "FILE", "write to FILE instead of stdout", false},
    END,
};

static const struct cli_option count_options[] = {
    {"file", 'f', "FILE", "read the condition from FILE", false},
    END,
};

static const struct cli_option members_options[] = {
    {"with", 0, "VALUE,...",
     "columns beside the customer: values of the segment language, or NAME=VALUE", true},
    {"format", 0, "csv|json|parquet|xlsx", "how to write them (csv, or what the file's name says)",
     false},
    {"output", 'o', "FILE", "write to FILE instead of stdout", false},
    {"raw", 0, NULL, "csv: leave texts that a spreadsheet would run as they are", false},
    END,
};

static const struct cli_option explain_options[] = {
    {"customer", 0, "ID", "whose membership to explain", false},
    END,
};

static const struct cli_option top_options[] = {
    {"top", 0, "N", "how many lines of each kind to print", false},
    {"format", 0, "table|csv|json|xlsx", "how to write it (table, or what the file's name says)",
     false},
    {"output", 'o', "FILE", "write to FILE instead of stdout", false},
    {"raw", 0, NULL, "csv: leave texts that a spreadsheet would run as they are", false},
    END,
};

static const struct cli_option segments_options[] = {
    {"format", 0, "table|csv|json|xlsx", "how to write it (table, or what the file's name says)",
     false},
    {"output", 'o', "FILE", "write to FILE instead of stdout", false},
    {"raw", 0, NULL, "csv: leave texts that a spreadsheet would run as they are", false},
    END,
};

static const struct cli_option sql_options[] = {
    {"format", 0, "table|csv|json|parquet|xlsx",
     "how to write the result (table, or what the file's name says)", false},
    {"output", 'o', "FILE", "write to FILE instead of stdout", false},
    {"raw", 0, NULL, "csv: leave texts that a spreadsheet would run as they are", false},
    END,
};

/* What `fit` takes besides is in cli_model_sections. */
static const struct cli_option model_options[] = {
    {"type", 0, "TYPE", "fit: which type of model; strata model types lists them", false},
    {"customer", 0, "ID", "show: why this customer's prediction is what it is", false},
    END,
};

static const struct cli_option kinds_options[] = {
    {"dry-run", 'n', NULL, "show what would change and stop", false},
    {"yes", 'y', NULL, "change it without asking", false},
    END,
};

static const struct cli_option refresh_options[] = {
    {"undo", 0, NULL, "take the last refresh back: its records go, and the scores told with it",
     false},
    END,
};

static const struct cli_option verify_options[] = {
    {"repair", 0, NULL, "make anew what follows from other files of the store", false},
    {"record", 0, NULL, "give checksums to what an older version wrote, if it can be read", false},
    END,
};

static const struct cli_option none[] = {END};

const struct cli_command cli_commands[] = {
    {"init", "STORE", "make an empty store", NULL,
     "  strata init shop --time-zone Europe/Vienna --currency EUR", init_options, 1, 1, false,
     false, cli_init},
    {"import", "STORE FILE...",
     "import facts, traits or a reference table from files or PostgreSQL",
     "FILE is CSV in any dialect, TSV, columns of spaces, JSON lines, XLSX or Parquet, gzip or "
     "not; or postgresql://… "
     "with --query.\n"
     "Rows that cannot be used are set aside with the reason, never dropped; an import is done "
     "whole or not at all.",
     "  strata import shop orders.csv.gz --kind order --customer customer_id --time ordered_at "
     "--dry-run\n"
     "  strata import shop products.csv --reference product --key product",
     import_options, 0, -1, true, false, cli_import},
    {"imports", "STORE [undo N]", "list imports, or take one back exactly", NULL,
     "  strata imports shop undo 3", imports_options, 0, 2, true, false, cli_imports},
    {"kinds", "retype STORE KIND.COLUMN TYPE", "give a column of the store another type",
     "First it says how many values convert, which do not, and which definitions break or fit "
     "again. A value that "
     "does\n"
     "not convert is unknown from then on; every value is kept as it was told, and retyping back "
     "brings it back.",
     "  strata kinds retype shop order.amount decimal --dry-run", kinds_options, 3, 4, false, false,
     cli_kinds},
    {"check", "FILE...", "check segment definitions; needs no store", NULL,
     "  strata check segments.strata", check_options, 1, -1, false, false, cli_check},
    {"fmt", "FILE...", "print definitions in canonical form", NULL,
     "  strata fmt --write segments.strata", fmt_options, 1, -1, false, false, cli_fmt},
    {"apply", "STORE FILE...", "check definitions, show who joins and who leaves, and save them",
     "Segments absent from the files stay, unless --prune is given; schemes of models stay even "
     "then.",
     "  strata apply shop segments.strata --dry-run", apply_options, 1, -1, true, true, cli_apply},
    {"export", "STORE", "write all definitions back as one file", NULL,
     "  strata export shop -o segments.strata", output_options, 0, 0, true, false, cli_export},
    {"delete", "STORE NAME...", "delete segments, schemes or static lists", NULL, NULL, none, 1, -1,
     true, false, cli_delete},
    {"show", "STORE SEGMENT", "print a definition, as text or as JSON", NULL, NULL, output_options,
     1, 1, true, false, cli_show},
    {"refresh", "STORE", "record who entered and who left every segment",
     "A refresh not later than the last one is refused, unless the last one saw an import that was "
     "taken back since:\n"
     "then it gives way. A definition that cannot be evaluated is left out and named, and the exit "
     "code is 1.",
     "  strata refresh shop --as-of 2025-06-30\n  strata refresh shop --undo", refresh_options, 0,
     0, true, true, cli_refresh},
    {"segments", "STORE", "list segments with their sizes", NULL,
     "  strata segments shop --as-of latest", segments_options, 0, 0, true, true, cli_segments},
    {"count", "STORE 'CONDITION'", "count the customers a condition fits", NULL,
     "  strata count shop 'count(order last 90 days) >= 2 and city = \"Wien\"'", count_options, 0,
     1, true, true, cli_count},
    {"members", "STORE SEGMENT", "list who is in a segment, with what is known of them",
     "--with adds a column for each value: traits, measures, scores, or a condition (yes or no). "
     "In CSV a text that\n"
     "begins with = + - or @ gets a ' before it, so that no spreadsheet runs it; numbers never do. "
     "XLSX holds at most\n"
     "1,048,575 customers.",
     "  strata members shop vip -o vip.csv\n"
     "  strata members shop vip --with 'email, clv.value, spent=sum(order.amount last 365 days)' "
     "-o vip.xlsx",
     members_options, 1, 1, true, true, cli_members},
    {"explain", "STORE SEGMENT --customer ID",
     "say why a customer is or is not in a segment, and until when", NULL,
     "  strata explain shop vip --customer C000123", explain_options, 1, 1, true, true,
     cli_explain},
    {"profile", "STORE SEGMENT", "say what sets a segment apart from everyone else", NULL,
     "  strata profile shop vip", top_options, 1, 1, true, true, cli_profile},
    {"overlap", "STORE [SEGMENT...]", "say how segments lie to each other", NULL,
     "  strata overlap shop vip lapsing promoters", top_options, 0, -1, true, true, cli_overlap},
    {"status", "STORE", "say what the store holds", NULL, NULL, none, 0, 0, true, false,
     cli_status},
    {"verify", "STORE", "read everything and say what is damaged",
     "Every byte is read and held against its checksum. What is damaged is listed with what it "
     "holds and where it can\n"
     "come from again; the exit code is then 8.",
     "  strata verify shop --json", verify_options, 0, 0, true, false, cli_verify},
    {"sql", "STORE 'SELECT …'", "ask the store in SQL, reading only",
     "One view for each kind of facts and reference table, `customers` with their traits, "
     "`memberships` as recorded.",
     "  strata sql shop 'SELECT category, sum(amount) FROM \"order\" GROUP BY 1'", sql_options, 1,
     1, true, false, cli_sql},
    {"model", "fit|list|show|score|delete STORE [NAME], or types [TYPE]",
     "fit models and score customers with them",
     "A fitted model is kept with its moment, data, parameters and quality. Its scores are traits "
     "NAME.x that the "
     "segment "
     "language uses like any other; strata refresh tells them anew. fit looks at facts up to the "
     "newest one unless "
     "--as-of says otherwise.",
     "  strata model fit shop rfm --type rfm\n"
     "  strata model fit shop clv --type clv --holdout 90\n"
     "  strata model fit shop churn --type predict --label 'none(order)' --horizon 90\n"
     "  strata model show shop clv\n"
     "  strata model types clv",
     model_options, 1, 3, false, true, cli_model, cli_model_sections},
    {"health", "STORE", "say what is wrong with the segmentation, and what to do about it",
     "Segments that are empty, too small to test, hold one another, nearly coincide, differ in "
     "nothing, are unstable,\n"
     "or change all the time; customers in none; uneven schemes; traits that are constant, stale, "
     "shifted, hardly\n"
     "known or contradict each other. Each finding has its figure, threshold, proposal and what "
     "that would change.",
     "  strata health shop --as-of latest", none, 0, 0, true, true, cli_health},
    {"persona", "STORE SEGMENT", "describe a segment's typical customer on a page", NULL,
     "  strata persona shop vip", none, 1, 1, true, true, cli_persona},
    {"report", "STORE -o FILE", "write the report: one HTML file that needs no network", NULL,
     "  strata report shop -o report.html\n"
     "  strata report shop --title 'Spring review' --sections summary,segments,revenue -o "
     "spring.html",
     report_options, 0, 0, true, true, cli_report},
    {"help", "[COMMAND [ACTION]]",
     "say how commands are used; strata help man prints the manual page", NULL, NULL, none, 0, 2,
     false, false, cli_help_command},
    {"completion", "SHELL", "print completion for bash, zsh or fish", NULL,
     "  strata completion bash > /etc/bash_completion.d/strata", none, 1, 1, false, false,
     cli_completion_command},
    {"version", "", "print the version", NULL, NULL, none, 0, 0, false, false, cli_version},
    END,
};
