/*
 * Ctrl-C, and a polite kill. The first one asks: what runs ends as it would on any failure, nothing
 * half done, temporary files gone. The second one ends the program where it stands, which a store
 * survives, too. Whoever started the program sees that a signal ended it.
 */
#include "cli/command.h"

#include "base/interrupt.h"

#include <signal.h>

static struct interrupt stop;
static volatile sig_atomic_t signal_number;

static void on_signal(int number)
{
    signal_number = number;
    interrupt_raise(&stop);
}

void cli_stop_begin(void)
{
    static const int numbers[] = {SIGINT, SIGTERM};
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++) {
        struct sigaction before, action = {.sa_handler = on_signal, .sa_flags = (int)SA_RESETHAND};
        /* one that is ignored stays so: `nohup`, or a shell's background job */
        if (sigaction(numbers[i], NULL, &before) == 0 && before.sa_handler != SIG_IGN)
            (void)!sigaction(numbers[i], &action, NULL);
    }
}

struct interrupt *cli_stop(void)
{
    return &stop;
}

void cli_stop_end(void)
{
    if (!signal_number)
        return;
    signal(signal_number, SIG_DFL);
    raise(signal_number);
}
