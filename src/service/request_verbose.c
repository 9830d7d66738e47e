/*
 * request verbose: more in the log for a while, without a reload. Each change
 * is a line of the log.
 */
#include "log.h"
#include "request.h"

#define LEVEL_MAX   9
#define MINUTES_MAX (24 * 60)

static void
log_level(const struct service_call *call, int level, time_t until)
{
	long pid = (long)call->peer.pid, uid = (long)call->peer.uid;
	char text[32] = "";
	struct tm local;

	if (level == 0) {
		log_info("log level as configured again, on request of process "
			 "%ld, uid %ld",
		    pid, uid);
		return;
	}
	if (localtime_r(&until, &local) != NULL)
		strftime(text, sizeof(text), "%Y-%m-%d %H:%M:%S", &local);
	log_info("log level raised by %d until %s, on request of process %ld, "
		 "uid %ld",
	    level, text, pid, uid);
}

void
request_verbose(struct service *service, struct attr_list *request,
    struct service_call *call)
{
	const struct service_admin *admin = service->admin;
	const char *problem = NULL;
	int level = 0, minutes = 0;

	if (attr_get_int(request, "level", &level) != ERROR_NONE || level < 0 ||
	    level > LEVEL_MAX)
		problem = "level is not 0 to 9";
	else if (attr_get_int(request, "minutes", &minutes) != ERROR_NONE ||
		 minutes < 1 || minutes > MINUTES_MAX)
		problem = "minutes are not 1 to 1440";
	if (problem != NULL) {
		service_call_complain(call, problem);
		service_call_reply_why(call, STATUS_FAIL, problem);
		return;
	}
	service_pass_over_rest(request, call);
	log_level(call, level,
	    admin->raise_log_level(admin->arg, level, (unsigned)minutes));
	service_call_reply_why(call, STATUS_OK, "");
}
