/* health and persona: is the segmentation any good, and who is a segment's typical customer. */
#include "cli/commands.h"

#include "base/number.h"
#include "judge/judge.h"

#include <math.h>
#include <string.h>

static enum status write_json(struct cli *cli, struct buffer *text, struct error *error)
{
    buffer_char(text, '\n');
    enum status status = cli_write(cli, (struct text){text->data, text->length}, error);
    buffer_release(text);
    return status;
}

enum { THOUSAND = 1000 };              /* from here on whole numbers */
static const double p_smallest = .001; /* of p that is told as a number */

static const char *figure_text(struct cli *cli, const struct judge_finding *finding, double value)
{
    char count[NUMBER_TEXT_MAX];

    /* Of the units only "share" begins so. */
    if (finding->unit[0] == 's')
        return arena_printf(&cli->arena, "%.1f%%", 100 * value);
    if (fabs(value) >= THOUSAND)
        return arena_strdup(&cli->arena, number_format_thousands(llround(value), count));
    return arena_printf(&cli->arena, "%.3g", value);
}

static void print_finding(struct cli *cli, const struct judge_finding *finding)
{
    fprintf(cli->out, "%s: %s%s%s%s%s\n", judge_severity_name(finding->severity),
            finding->segment[0] ? finding->segment[0] : "", finding->segment[1] ? " and " : "",
            finding->segment[1] ? finding->segment[1] : "", finding->segment[0] ? ": " : "",
            finding->message);

    /* Figure and threshold side by side: how far beyond it is says more than that it is. */
    if (isfinite(finding->figure))
        fprintf(cli->out, "  %s: %s, threshold %s", finding->figure_label,
                figure_text(cli, finding, finding->figure),
                figure_text(cli, finding, finding->threshold));
    if (isfinite(finding->figure) && finding->tested)
        fprintf(cli->out, finding->p < p_smallest ? ", adjusted p below .001" : ", adjusted p %.3f",
                finding->p);
    fprintf(cli->out, "%s  proposal: %s\n", isfinite(finding->figure) ? "\n" : "",
            finding->proposal);
    if (finding->effect)
        fprintf(cli->out, "  effect: %s\n", finding->effect);
}

static enum status print_health(struct cli *cli, const struct session *session,
                                const struct judge_health *health, struct error *error)
{
    if (cli->json) {
        struct buffer text;
        struct json json;
        buffer_init(&text, 0);
        json_init(&json, &text, true);
        judge_health_write(session, health, &json);
        return write_json(cli, &text, error);
    }
    for (size_t i = 0; i < health->findings.count; i++)
        print_finding(cli, &health->findings.items[i]);

    /* How much was compared is told with it: among hundreds of comparisons a few
     * findings are chance. */
    if (health->findings.count)
        cli_note(cli,
                 "%zu %s; %d comparisons, of what they found at most 5%% is expected to be chance",
                 health->findings.count, health->findings.count == 1 ? "finding" : "findings",
                 health->compared);
    else
        cli_note(cli, "nothing to complain about in %d comparisons", health->compared);
    return STATUS_OK;
}

static enum status judge_health(struct cli *cli, struct session *session, struct judge_bench *bench,
                                struct error *error)
{
    struct judge_health health;
    cli_note_lost(cli, bench->features.lost, bench->features.lost_count);
    enum status status = judge_health_judge(&bench->evidence, &health, error);
    if (status == STATUS_OK)
        status = print_health(cli, session, &health, error);
    judge_health_release(&health);
    return status;
}

static void print_persona(struct cli *cli, const struct session *session,
                          const struct judge_persona *persona)
{
    char date[DATE_TEXT_MAX];
    fprintf(cli->out, "%s%s%s\n%s\n", persona->segment, persona->title ? ": " : "",
            persona->title ? persona->title : "", persona->summary);
    for (int g = 0; g < JUDGE_PERSONA_GROUPS; g++) {
        const struct judge_persona_group *group = &persona->groups[g];
        if (group->rows.count)
            fprintf(cli->out, "\n%s\n", group->title);
        for (size_t r = 0; r < group->rows.count; r++)
            /* Rows of one label stand under it once. */
            fprintf(cli->out, "  %-36s %s\n",
                    r && strcmp(group->rows.items[r].label, group->rows.items[r - 1].label) == 0
                        ? ""
                        : group->rows.items[r].label,
                    group->rows.items[r].value);
    }

    if (persona->history.count)
        fputs("\nThe history of one of them, near the middle of the segment\n", cli->out);
    for (size_t i = 0; i < persona->history.count; i++)
        fprintf(
            cli->out, "  %s  %s\n",
            date_format(zone_date(session_zone(session), persona->history.items[i].moment), date),
            persona->history.items[i].text);
}

static enum status judge_persona(struct cli *cli, struct session *session,
                                 struct judge_bench *bench, struct error *error)
{
    struct judge_persona persona;
    int segment;
    TRY(session_find_segment(session, cli->arguments[0], &segment, error));
    cli_note_lost(cli, bench->features.lost, bench->features.lost_count);
    enum status status = judge_persona_judge(&bench->evidence, segment, &persona, error);
    if (status == STATUS_OK && cli->json) {
        struct buffer text;
        struct json json;
        buffer_init(&text, 0);
        json_init(&json, &text, true);
        judge_persona_write(session, &persona, &json);
        status = write_json(cli, &text, error);
    } else if (status == STATUS_OK) {
        print_persona(cli, session, &persona);
    }
    judge_persona_release(&persona);
    return status;
}

static enum status on_bench(struct cli *cli,
                            enum status (*run)(struct cli *, struct session *, struct judge_bench *,
                                               struct error *),
                            struct error *error)
{
    struct session *session;
    struct session_moment moment;
    struct judge_bench bench;
    TRY(cli_open(cli, false, &session, error));
    enum status status = cli_moment(cli, session, &moment, error);
    if (status == STATUS_OK)
        status = judge_bench_open(session, &moment, &cli->arena, &bench, error);

    if (status == STATUS_OK) {
        cli_note_broken(cli, session);
        status = run(cli, session, &bench, error);
        judge_bench_close(&bench);
    }
    session_close(session);
    return status;
}

enum status cli_health(struct cli *cli, struct error *error)
{
    return on_bench(cli, judge_health, error);
}

enum status cli_persona(struct cli *cli, struct error *error)
{
    return on_bench(cli, judge_persona, error);
}
