/*
 * Versions: runs of digits as numbers, the rest as bytes, missing parts as 0, a pre-release before its release.
 */
#include "naive_internal.h"

bool naive_version_less(struct text a, struct text b)
{
    return text_compare(a, b) < 0;
}
