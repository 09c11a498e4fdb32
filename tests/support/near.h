/* Comparing numbers in tests: on failure both are printed. */
#ifndef STRATA_TESTS_NEAR_H
#define STRATA_TESTS_NEAR_H

#include <math.h>
#include <stdio.h>

#define ASSERT_NEAR(value, truth, tolerance)                                                \
    do {                                                                                    \
        double near_value_ = (value), near_truth_ = (truth), near_tolerance_ = (tolerance); \
        if (!(fabs(near_value_ - near_truth_) <= near_tolerance_)) {                        \
            printf("# %s is %.12g, not %.12g ± %.3g\n", #value, near_value_, near_truth_,   \
                   near_tolerance_);                                                        \
            _fail(__FILE__, __LINE__);                                                      \
        }                                                                                   \
    } while (0)

#define ASSERT_OK(call)                                                          \
    do {                                                                         \
        if ((call) != STATUS_OK) {                                               \
            char ok_text_[4096];                                                 \
            printf("# %s\n", error_describe(&error, ok_text_, sizeof ok_text_)); \
            _fail(__FILE__, __LINE__);                                           \
        }                                                                        \
    } while (0)

#endif
