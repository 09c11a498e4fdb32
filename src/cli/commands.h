/* What the rows of the command table run. */
#ifndef STRATA_CLI_COMMANDS_H
#define STRATA_CLI_COMMANDS_H

#include "cli/command.h"
#include "engine/engine.h"

enum status cli_init(struct cli *cli, struct error *error);
enum status cli_import(struct cli *cli, struct error *error);
enum status cli_imports(struct cli *cli, struct error *error);
enum status cli_kinds(struct cli *cli, struct error *error);
enum status cli_check(struct cli *cli, struct error *error);
enum status cli_fmt(struct cli *cli, struct error *error);
enum status cli_apply(struct cli *cli, struct error *error);
enum status cli_export(struct cli *cli, struct error *error);
enum status cli_delete(struct cli *cli, struct error *error);
enum status cli_show(struct cli *cli, struct error *error);
enum status cli_refresh(struct cli *cli, struct error *error);
enum status cli_segments(struct cli *cli, struct error *error);
enum status cli_count(struct cli *cli, struct error *error);
enum status cli_members(struct cli *cli, struct error *error);
enum status cli_explain(struct cli *cli, struct error *error);
enum status cli_profile(struct cli *cli, struct error *error);
enum status cli_overlap(struct cli *cli, struct error *error);
enum status cli_status(struct cli *cli, struct error *error);
enum status cli_sql(struct cli *cli, struct error *error);
enum status cli_model(struct cli *cli, struct error *error);
enum status cli_health(struct cli *cli, struct error *error);
enum status cli_persona(struct cli *cli, struct error *error);
enum status cli_report(struct cli *cli, struct error *error);
enum status cli_help_command(struct cli *cli, struct error *error);
enum status cli_completion_command(struct cli *cli, struct error *error);
enum status cli_verify(struct cli *cli, struct error *error);
enum status cli_version(struct cli *cli, struct error *error);

/* Opens the store the command was given. */
enum status cli_open(struct cli *cli, bool write, struct session **out, struct error *error);
/* Says which saved definitions are left out, and why: each once. After an evaluation there may be
 * more of them than cli_open has told, which says no more than their number where the command is
 * about something else. */
void cli_note_broken(struct cli *cli, const struct session *session);
/* Says which values cannot be compared, and why. */
void cli_note_lost(const struct cli *cli, const struct insight_lost *lost, size_t count);
/* The moment --as-of and --known-at name; prints the notice about old facts. */
enum status cli_moment(struct cli *cli, struct session *session, struct session_moment *out,
                       struct error *error);
/* Errors and warnings of definitions, with their excerpts, on stderr. */
void cli_problems(const struct cli *cli, const struct segment_problems *problems);
/* A whole file ("-": stdin) into arena; at most limit bytes. */
enum status cli_read_file(struct cli *cli, const char *path, size_t limit, struct text *out,
                          struct error *error);
/* Reads definition files; sources in arena. */
enum status cli_read_sources(struct cli *cli, struct segment_source **out, size_t *count,
                             struct error *error);

#endif
