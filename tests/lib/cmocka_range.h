/*
 * cmocka_range: assert_in_range() without a warning. cmocka 2 deprecates that
 * name; cmocka 1 has no other. Included after cmocka.h.
 */
#ifndef CMOCKA_RANGE_H
#define CMOCKA_RANGE_H

#ifdef assert_uint_in_range
#undef assert_in_range
#define assert_in_range assert_uint_in_range
#endif

#endif
