/*
 * config_compare: the order of two texts in a macro ${{left} < {right} ? ...}.
 * An order is below, at or above 0, as with strcmp(3).
 */
#ifndef CONFIG_COMPARE_H
#define CONFIG_COMPARE_H

#include <stdbool.h>

/* As numbers, of any length, where both are all digits; else as strings. */
int config_compare_texts(const char *left, const char *right);

/*
 * As compatibility levels: "3.10" is above "3.6". False: one of them is none,
 * and *bad is that one.
 */
bool config_compare_levels(
    const char *left, const char *right, int *order, const char **bad);

#endif
