/*
 * ctl_text: text for people, and text that programs can read, from bytes and
 * numbers that may be anything.
 */
#ifndef CTL_TEXT_H
#define CTL_TEXT_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <time.h>

/* A short text, by value: good until the end of the full expression. */
struct ctl_text {
	char text[40];
};

/* "-", "59 s", "12 min", "3 h 20 min", "2 d 4 h". */
struct ctl_text ctl_text_duration(int64_t seconds);
/* "999 B", "1.2 kB", "34 MB": powers of 1024. */
struct ctl_text ctl_text_bytes(int64_t bytes);
/* "30 us", "12 ms", "1.2 s". */
struct ctl_text ctl_text_latency(int64_t microseconds);
/* "0.25", "12.5", "1234"; "-" of NAN. */
struct ctl_text ctl_text_rate(double per_second);
/* From 0 to 1: "98.2%", "100%"; "-" of NAN. */
struct ctl_text ctl_text_share(double share);
/* "98.2%", or "-" of nothing. */
struct ctl_text ctl_text_percent(int64_t part, int64_t whole);
/* Local time, "2026-11-21 04:33:05". */
struct ctl_text ctl_text_time(time_t);

/*
 * For a terminal: printable ASCII as it is, but for the backslash, which is
 * doubled; any other byte as \xNN. Nothing that comes out moves a cursor.
 */
void ctl_put_text(FILE *, const char *text);
/* The same of one byte, which is not NUL; returns the length, 1 to 4. */
size_t ctl_text_byte(char shown[5], char byte);

/*
 * As one word of a command that a person may give to a shell: in quotes, where
 * it has blanks, say. To be freed.
 */
char *ctl_text_word(const char *text);

/*
 * A JSON string with its quotes. What is not UTF-8 becomes U+FFFD, so the
 * result is valid whatever the bytes were. What is not printable, by
 * utf8_is_printable(), is escaped: a terminal may be where it ends.
 */
void ctl_put_json(FILE *, const char *text);

/*
 * A label value of Prometheus's exposition format, with its quotes; UTF-8 as
 * above. That format has no escape for what is not printable, so it becomes
 * "\u{9b}", spelled out.
 */
void ctl_put_label(FILE *, const char *text);

#endif
