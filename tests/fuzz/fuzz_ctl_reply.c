/*
 * fuzz_ctl_reply: any bytes as what a daemon answers to tlsmgrctl. All that is
 * found lies within them, and the attributes make up the whole of a list that
 * was read to its end.
 */
#include "fuzz.h"

#include "ctl_reply.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct ctl_reply reply;
	struct ctl_attribute attribute;
	const char *found;
	size_t used = 0;
	int64_t number;
	int status;

	fuzz_begin(data, len);
	ctl_reply_init(&reply, data, len);
	if (ctl_reply_status(&reply, &status) == ERROR_NONE)
		fuzz_expect(status >= -2 && status <= 0);
	ctl_reply_init(&reply, data, len);
	while (ctl_reply_next(&reply, &attribute)) {
		fuzz_expect(attribute.name == (const char *)data + used);
		used += strlen(attribute.name) + 1;
		fuzz_expect(attribute.value == (const char *)data + used);
		used += strlen(attribute.value) + 1;
		fuzz_expect(used <= len);
		found = ctl_reply_find(&reply, attribute.name);
		fuzz_expect(found != NULL && found <= attribute.value);
		if (ctl_reply_number(attribute.value, &number) == ERROR_NONE)
			fuzz_expect((*attribute.value == '-') == (number < 0) ||
				    number == 0);
	}
	if (ctl_reply_is_at_end(&reply))
		fuzz_expect(used + 1 == len);
	return 0;
}
