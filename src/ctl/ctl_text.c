/*
 * ctl_text: numbers as people read them. Pure.
 */
#include "ctl_text.h"

#include <inttypes.h>
#include <math.h>
#include <stdarg.h>

#define MINUTE_S 60
#define HOUR_S   3600
#define DAY_S    86400

static struct ctl_text __attribute__((format(printf, 1, 2)))
make_text(const char *fmt, ...)
{
	struct ctl_text result;
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(result.text, sizeof(result.text), fmt, ap);
	va_end(ap);
	return result;
}

/* "3 h 20 min", and "3 h" where there is nothing over. */
static struct ctl_text
two_units(int64_t large, const char *large_unit, int64_t small,
    const char *small_unit)
{
	if (small == 0)
		return make_text("%" PRId64 " %s", large, large_unit);
	return make_text("%" PRId64 " %s %" PRId64 " %s", large, large_unit,
	    small, small_unit);
}

struct ctl_text
ctl_text_duration(int64_t seconds)
{
	if (seconds < 0)
		return make_text("-");
	if (seconds < 2 * MINUTE_S)
		return make_text("%" PRId64 " s", seconds);
	if (seconds < 2 * HOUR_S)
		return make_text("%" PRId64 " min", seconds / MINUTE_S);
	if (seconds < 2 * DAY_S)
		return two_units(
		    seconds / HOUR_S, "h", seconds % HOUR_S / MINUTE_S, "min");
	return two_units(seconds / DAY_S, "d", seconds % DAY_S / HOUR_S, "h");
}

struct ctl_text
ctl_text_bytes(int64_t bytes)
{
	static const char units[] = "kMGTPE";
	double rest = (double)bytes / 1024;
	size_t unit = 0;

	if (bytes < 1024)
		return make_text("%" PRId64 " B", bytes);
	/* As it will be printed: 1023.9 kB is 1.0 MB. */
	while (rest >= 1023.5 && unit < sizeof(units) - 2) {
		rest /= 1024;
		unit++;
	}
	return make_text("%.*f %cB", rest < 9.95 ? 1 : 0, rest, units[unit]);
}

struct ctl_text
ctl_text_latency(int64_t microseconds)
{
	if (microseconds < 1000)
		return make_text("%" PRId64 " us", microseconds);
	if (microseconds < 9950)
		return make_text("%.1f ms", (double)microseconds / 1000);
	if (microseconds < 999500)
		return make_text("%.0f ms", (double)microseconds / 1000);
	return make_text("%.1f s", (double)microseconds / 1000000);
}

struct ctl_text
ctl_text_percent(int64_t part, int64_t whole)
{
	if (whole <= 0)
		return make_text("-");
	return make_text("%.1f%%", 100 * (double)part / (double)whole);
}

struct ctl_text
ctl_text_rate(double per_second)
{
	if (isnan(per_second))
		return make_text("-");
	if (per_second < 9.995)
		return make_text("%.2f", per_second);
	return make_text("%.*f", per_second < 999.95 ? 1 : 0, per_second);
}

struct ctl_text
ctl_text_share(double share)
{
	if (isnan(share))
		return make_text("-");
	return make_text("%.*f%%", share < 0.9995 ? 1 : 0, 100 * share);
}

struct ctl_text
ctl_text_time(time_t when)
{
	struct ctl_text result = make_text("-");
	struct tm tm;

	if (localtime_r(&when, &tm) != NULL)
		strftime(
		    result.text, sizeof(result.text), "%Y-%m-%d %H:%M:%S", &tm);
	return result;
}
