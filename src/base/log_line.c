/*
 * log_line: the bytes of a log line. Owns the offset of local time from UTC.
 * Formats by hand, since a signal handler may call neither snprintf(3) nor
 * localtime(3).
 */
#include "log_transport.h"
#include "utf8.h"

#include <string.h>
#include <unistd.h>

/* Changed by ordinary lines only; read by a signal handler. */
static volatile sig_atomic_t utc_offset_s;

void
log_line_init(struct log_line *line)
{
	line->len = 0;
}

static void
append_bytes(struct log_line *line, const char *bytes, size_t len)
{
	size_t room = sizeof(line->bytes) - line->len;

	if (len > room)
		len = room;
	memcpy(line->bytes + line->len, bytes, len);
	line->len += len;
}

void
log_line_append(struct log_line *line, const char *text)
{
	append_bytes(line, text, strlen(text));
}

void
log_line_append_number(struct log_line *line, unsigned long number)
{
	char digits[24];
	size_t start = sizeof(digits);

	do {
		digits[--start] = (char)('0' + number % 10);
		number /= 10;
	} while (number > 0);
	append_bytes(line, digits + start, sizeof(digits) - start);
}

/* Two columns, filled up with `fill` on the left. */
static void
append_two_digits(struct log_line *line, long number, char fill)
{
	char digits[2];

	digits[0] = number < 10 ? fill : (char)('0' + number / 10);
	digits[1] = (char)('0' + number % 10);
	append_bytes(line, digits, sizeof(digits));
}

/*
 * "Nov  1 ", the day of the year in the Gregorian calendar, for `days` since
 * 1 January 1970. Years are taken to begin in March, so that the leap day is
 * the last of its year, and 400 of them always have 146097 days.
 */
static void
append_date(struct log_line *line, long days)
{
	static const char months[12][5] = { "Mar ", "Apr ", "May ", "Jun ",
		"Jul ", "Aug ", "Sep ", "Oct ", "Nov ", "Dec ", "Jan ",
		"Feb " };
	long day_of_era, leap_days, year_of_era, day_of_year, month;

	day_of_era = (days + 719468) % 146097;
	leap_days =
	    day_of_era / 1460 - day_of_era / 36524 + day_of_era / 146096;
	year_of_era = (day_of_era - leap_days) / 365;
	day_of_year = day_of_era - 365 * year_of_era - year_of_era / 4 +
	              year_of_era / 100;
	month = (5 * day_of_year + 2) / 153;
	log_line_append(line, months[month]);
	append_two_digits(line, day_of_year - (153 * month + 2) / 5 + 1, ' ');
	log_line_append(line, " ");
}

void
log_line_append_time(struct log_line *line, time_t now)
{
	long local_s = (long)now + utc_offset_s;
	long second_of_day;

	if (local_s < 0)
		local_s = 0;
	second_of_day = local_s % 86400;
	append_date(line, local_s / 86400);
	append_two_digits(line, second_of_day / 3600, '0');
	log_line_append(line, ":");
	append_two_digits(line, second_of_day / 60 % 60, '0');
	log_line_append(line, ":");
	append_two_digits(line, second_of_day % 60, '0');
	log_line_append(line, " ");
}

void
log_line_learn_zone(time_t now)
{
	struct tm local;

	/*
	 * The rules were read by tzset(3) before the jail. Unlike
	 * localtime(3), glibc's localtime_r(3) does not look for the file
	 * again.
	 */
	if (localtime_r(&now, &local) != NULL)
		utc_offset_s = (sig_atomic_t)local.tm_gmtoff;
}

const char *
log_level_prefix(enum log_level level)
{
	static const char *const prefixes[] = {
		[LOG_LEVEL_INFO] = "",
		[LOG_LEVEL_WARNING] = "warning: ",
		[LOG_LEVEL_ERROR] = "error: ",
		[LOG_LEVEL_FATAL] = "fatal: ",
		[LOG_LEVEL_PANIC] = "panic: ",
	};

	return prefixes[level];
}

void
log_line_append_message(struct log_line *line, enum log_level level,
    const char *tag, const char *text)
{
	log_line_append(line, tag);
	log_line_append(line, "[");
	log_line_append_number(line, (unsigned long)getpid());
	log_line_append(line, "]: ");
	log_line_append(line, log_level_prefix(level));
	log_line_append(line, text);
}

void
log_text_sanitize(char *text)
{
	uint32_t code;
	size_t len;

	while (*text != '\0') {
		len = utf8_decode(text, &code);
		if (len == 0 || !utf8_is_printable(code)) {
			*text = '?';
			len = 1;
		}
		text += len;
	}
}
