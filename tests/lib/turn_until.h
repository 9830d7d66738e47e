/*
 * turn_until: wait for a condition by turning the loop of a test, which has a
 * function turn() for it. A condition that never comes fails the test.
 */
#ifndef TURN_UNTIL_H
#define TURN_UNTIL_H

#define TURNS_MAX 10000

#define turn_until(condition)                                       \
	do {                                                        \
		for (unsigned turns_ = 0; !(condition); ++turns_) { \
			assert_true(turns_ < TURNS_MAX);            \
			turn();                                     \
		}                                                   \
	} while (0)

#endif
