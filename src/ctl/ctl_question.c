/*
 * ctl_question: starts this program again, and collects what it prints as it
 * comes. Owns the process and the pipe from it.
 */
#include "ctl_question.h"

#include "ctl_run.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

/* As it was started, also where another has been installed since. */
#define THIS_PROGRAM "/proc/self/exe"

#define READ_LEN   16384
#define ANSWER_MAX 1048576

/* Its exit status, or -1. It has closed the pipe: it ends, or is to. */
static int
end_process(struct ctl_question *question)
{
	pid_t pid = question->pid;
	int status = -1;

	loop_timer_cancel(&question->timer);
	loop_watch_fini(&question->watch);
	close(question->watch.fd);
	question->pid = 0;
	kill(pid, SIGKILL);
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

/* It may be asked again from the callback, but not before. */
static void
finish(struct ctl_question *question, bool is_whole)
{
	struct buffer answer = question->answer;

	buffer_init(&question->answer);
	if (end_process(question) < 0 || answer.len == 0)
		is_whole = false;
	question->callback(question->arg, is_whole ? &answer : NULL);
	buffer_fini(&answer);
}

static void
read_cb(void *arg, unsigned ready)
{
	struct ctl_question *question = arg;
	ssize_t got;

	(void)ready;
	got = read(question->watch.fd,
	    buffer_reserve(&question->answer, READ_LEN), READ_LEN);
	if (got > 0) {
		buffer_commit(&question->answer, (size_t)got);
		if (question->answer.len > ANSWER_MAX)
			finish(question, false);
	} else if (got == 0) {
		finish(question, true);
	} else if (errno != EAGAIN && errno != EINTR) {
		finish(question, false);
	}
}

static void
timeout_cb(void *arg)
{
	struct ctl_question *question = arg;

	if (question->pid != 0)
		finish(question, false);
	else
		question->callback(question->arg, NULL);
}

void
ctl_question_init(struct ctl_question *question, struct loop *loop,
    const char *const *argv, ctl_question_fn *callback, void *arg)
{
	*question = (struct ctl_question){
		.loop = loop, .argv = argv, .callback = callback, .arg = arg
	};
	buffer_init(&question->answer);
	loop_timer_init(&question->timer, loop, timeout_cb, question);
}

/* Its standard input is ours; what it complains of goes where ours goes. */
static bool
start_process(struct ctl_question *question)
{
	int ends[2], number;

	if (pipe2(ends, O_CLOEXEC) < 0)
		return false;
	fcntl(ends[0], F_SETFL, O_NONBLOCK);
	number = ctl_run_start(&question->pid, THIS_PROGRAM, question->argv,
	    (const int[]){ STDIN_FILENO, ends[1], STDERR_FILENO });
	close(ends[1]);
	if (number != 0) {
		close(ends[0]);
		question->pid = 0;
		return false;
	}
	loop_watch_init(
	    &question->watch, question->loop, ends[0], read_cb, question);
	loop_watch_set(&question->watch, LOOP_READ);
	return true;
}

void
ctl_question_ask(struct ctl_question *question, unsigned timeout_ms)
{
	if (loop_timer_is_set(&question->timer))
		return;
	/* Without a process the answer is that there is none, but later. */
	if (!start_process(question))
		timeout_ms = 0;
	loop_timer_set(&question->timer, (uint64_t)timeout_ms * 1000);
}

void
ctl_question_fini(struct ctl_question *question)
{
	if (question->pid != 0)
		end_process(question);
	loop_timer_fini(&question->timer);
	buffer_fini(&question->answer);
}
