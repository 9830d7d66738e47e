/*
 * fuzz_master_cf: any bytes as master.cf. Where a service is found, another
 * program can be put into it and back, and nothing else changes; its command
 * gives as many overrides as it says.
 */
#include "fuzz.h"

#include "ctl_command.h"
#include "ctl_service.h"

#define NAME  "tlsmgr"
#define OTHER "another"

static void
check_overrides(const char *command)
{
	int count, seen = 0;
	char **overrides = ctl_command_overrides(command, &count);

	for (char **each = overrides; *each != NULL; each++)
		seen++;
	fuzz_expect(seen == count);
	ctl_command_overrides_free(overrides);
}

/* With the program in it that was there before. */
static void
check_replaced(const struct ctl_service *service, const char *text, size_t len)
{
	const char *command = service->fields[CTL_FIELD_COMMAND];
	char *program = strndup(command, ctl_command_program_len(command));
	size_t changed_len = len, back_len;
	char *changed =
	    ctl_service_replace_program(service, text, &changed_len, OTHER);
	struct ctl_service again;
	char *back;

	fuzz_expect(
	    ctl_service_find(&again, changed, changed_len, NAME) == ERROR_NONE);
	fuzz_expect(again.program_at == service->program_at);
	fuzz_expect(again.line == service->line);
	fuzz_expect(ctl_command_runs(again.fields[CTL_FIELD_COMMAND], OTHER));
	fuzz_expect(ctl_service_is_same(&again, service));
	back_len = changed_len;
	back = ctl_service_replace_program(&again, changed, &back_len, program);
	fuzz_expect(back_len == len && memcmp(back, text, len) == 0);
	ctl_service_fini(&again);
	free(back);
	free(changed);
	free(program);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct ctl_service service;
	char *text = malloc(len + 1);

	fuzz_begin(data, len);
	fuzz_expect(text != NULL);
	if (len > 0)
		memcpy(text, data, len);
	text[len] = '\0';
	if (ctl_service_find(&service, text, len, NAME) == ERROR_NONE) {
		check_overrides(service.fields[CTL_FIELD_COMMAND]);
		check_replaced(&service, text, len);
		ctl_service_fini(&service);
	}
	if (ctl_service_parse(&service, text) == ERROR_NONE)
		ctl_service_fini(&service);
	free(text);
	return 0;
}
