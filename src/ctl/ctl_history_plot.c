/*
 * ctl_history_plot: the history as a figure, drawn by gnuplot(1), which is
 * handed its commands and the data to read. No shell is involved, and neither
 * is what is in the user's .gnuplot.
 */
#include "buffer.h"
#include "ctl.h"
#include "ctl_history.h"
#include "ctl_run.h"
#include "ctl_text.h"
#include "xalloc.h"

#include <fcntl.h>
#include <math.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define PANELS 4

static const char head[] =
    "set terminal svg size 900,860 font 'sans,11' background rgb 'white'\n"
    "set datafile missing 'nan'\n"
    "set xdata time\n"
    "set timefmt '%s'\n"
    "set format x '%H:%M'\n"
    "set lmargin 11\n"
    "set rmargin 11\n"
    "set grid\n"
    "set key outside top center horizontal samplen 2\n"
    "set style data lines\n"
    "set yrange [0:*]\n";

/* Columns of the data: 1 the time, then as in enum ctl_history_figure. */
static const char *const panels[PANELS] = {
	"set ylabel 'per second'\n"
	"plot $data using 1:2 title 'requests' linecolor rgb '#2a6fbb' "
	"linewidth 1.5, '' using 1:3 title 'stores' linecolor rgb '#cc7722' "
	"linewidth 1.5\n",
	"set ylabel 'found, %'\n"
	"set yrange [0:105]\n"
	"plot $data using 1:4 title 'smtpd' linecolor rgb '#2a6fbb' "
	"linewidth 1.5, '' using 1:5 title 'smtp' linecolor rgb '#cc7722' "
	"linewidth 1.5, '' using 1:6 title 'lmtp' linecolor rgb '#339966' "
	"linewidth 1.5\n",
	"set ylabel 'answered within, us'\n"
	"set logscale y\n"
	"set yrange [5:*]\n"
	"plot $data using 1:8 title '99 %' linecolor rgb '#cc7722' "
	"linewidth 1.5, '' using 1:7 title '50 %' linecolor rgb '#2a6fbb' "
	"linewidth 1.5\n"
	"unset logscale y\n",
	"set ylabel 'clients, errors'\n"
	"set y2label 'sessions'\n"
	"set y2tics\n"
	"set ytics nomirror\n"
	"set yrange [0:*]\n"
	"set y2range [0:*]\n"
	"plot $data using 1:9 title 'clients' linecolor rgb '#2a6fbb' "
	"linewidth 1.5, '' using 1:11 title 'errors' with impulses "
	"linecolor rgb '#cc2222' linewidth 2, '' using 1:10 axes x1y2 "
	"title 'sessions' linecolor rgb '#339966' linewidth 1.5\n",
};

static void __attribute__((format(printf, 2, 3)))
put(struct buffer *script, const char *fmt, ...)
{
	va_list ap;
	char *text;

	va_start(ap, fmt);
	text = xvasprintf(fmt, ap);
	va_end(ap);
	buffer_append(script, text, strlen(text));
	free(text);
}

/* What is not there is a gap: gnuplot takes "nan" for that. */
static void
put_number(struct buffer *script, double value)
{
	if (isfinite(value))
		put(script, " %.6g", value);
	else
		put(script, " nan");
}

/* gnuplot knows no time zones: as if local time were UTC. */
static long long
local(int64_t time_s)
{
	time_t when = (time_t)time_s;
	struct tm tm;

	if (localtime_r(&when, &tm) == NULL)
		return (long long)time_s;
	return (long long)time_s + tm.tm_gmtoff;
}

static void
put_step(struct buffer *script, const struct ctl_history *history,
    const struct ctl_history_step *step)
{
	put(script, "%lld", local(step->time_s));
	for (int i = 0; i < CTL_HISTORY_FIGURES; i++) {
		double value = ctl_history_figure(
		    history, step, (enum ctl_history_figure)i);
		bool is_share =
		    i >= CTL_HISTORY_FOUND_SMTPD && i <= CTL_HISTORY_FOUND_LMTP;

		put_number(script, is_share ? 100 * value : value);
	}
	put(script, "\n");
}

/* An empty line ends a curve; it goes on behind the gap. */
static void
put_data(struct buffer *script, const struct ctl_history *history)
{
	put(script, "$data << END\n");
	for (size_t i = 0; i < history->step_count; i++) {
		const struct ctl_history_step *step = &history->steps[i];

		if (i > 0 && step->time_s >
				 history->steps[i - 1].time_s + history->step_s)
			put(script, "\n");
		put_step(script, history, step);
	}
	put(script, "END\n");
}

/*
 * In single quotes nothing is special but the quote. False: it cannot be named.
 */
static bool
put_output(struct buffer *script, const char *path)
{
	for (const char *at = path; *at != '\0'; at++)
		if ((unsigned char)*at < ' ')
			return false;
	put(script, "set output '");
	for (; *path != '\0'; path++)
		put(script, "%.*s%c", *path == '\'', "'", *path);
	put(script, "'\n");
	return true;
}

/* gnuplot 5.4 does not say so where a file could not be written: a full disk.
 */
static bool
is_whole(const char *path)
{
	char end[16] = "";
	struct stat status;
	int fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	bool is_whole = fd >= 0 && fstat(fd, &status) == 0;

	/* Of a pipe nobody knows. */
	if (is_whole && S_ISREG(status.st_mode))
		is_whole = pread(fd, end, sizeof(end) - 1,
			       status.st_size - (off_t)sizeof(end) + 1) > 0 &&
		           strstr(end, "</svg>") != NULL;
	if (fd >= 0)
		close(fd);
	return is_whole;
}

static int
draw(const struct buffer *script, const char *path)
{
	static const char *const argv[] = { "gnuplot", "-d", "-", NULL };
	struct ctl_run run;
	int status = CTL_OK;

	ctl_run(&run, argv, script);
	if (run.status != 0) {
		ctl_error("%s: not drawn: %s", path,
		    *run.complaints != '\0' ? run.complaints
					    : "gnuplot failed");
		if (run.status < 0)
			ctl_error("--plot takes gnuplot(1); on Debian: apt "
				  "install gnuplot-nox");
		status = CTL_NO;
	} else if (!is_whole(path)) {
		ctl_error("%s: not written whole: is the disk full?", path);
		status = CTL_NO;
	}
	ctl_run_fini(&run);
	return status;
}

int
ctl_history_plot(const struct ctl_history *history, const char *path)
{
	struct buffer script;
	int status = CTL_NO;
	int64_t last_s;

	if (history->step_count == 0) {
		ctl_error("nothing was counted in that time");
		return CTL_NO;
	}
	last_s = history->steps[history->step_count - 1].time_s;
	buffer_init(&script);
	put_data(&script, history);
	if (put_output(&script, path)) {
		put(&script, "%s", head);
		put(&script,
		    "set multiplot layout %d,1 title 'tlsmgr, %.16s to "
		    "%.16s'\n",
		    PANELS,
		    ctl_text_time((time_t)history->steps[0].time_s).text,
		    ctl_text_time((time_t)(last_s + history->step_s)).text);
		put(&script, "set xrange ['%lld':'%lld']\n",
		    local(history->steps[0].time_s),
		    local(last_s) + history->step_s);
		for (int i = 0; i < PANELS; i++)
			put(&script, "%s", panels[i]);
		put(&script, "unset multiplot\nunset output\n");
		status = draw(&script, path);
	} else {
		ctl_error("--plot: a name with control characters");
	}
	buffer_fini(&script);
	return status;
}
