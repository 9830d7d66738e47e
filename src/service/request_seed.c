/*
 * request seed: random bytes for a client to seed its own generator with.
 */
#include "prng.h"
#include "request.h"

#include <string.h>

#define SEED_LEN_MAX 255

static void
seed_reply(struct service_call *call, enum service_status status,
    const void *seed, size_t len)
{
	attr_put_int(call->reply, "status", status);
	attr_put_data(call->reply, "seed", seed, len);
	service_call_done(call);
}

void
request_seed(struct service *service, struct attr_list *request,
    struct service_call *call)
{
	unsigned char seed[SEED_LEN_MAX];
	int len;

	(void)service;
	if (attr_get_int(request, "size", &len) != ERROR_NONE) {
		service_call_complain(call, "no proper size");
		seed_reply(call, STATUS_FAIL, NULL, 0);
		return;
	}
	service_pass_over_rest(request, call);
	if (len < 1 || len > SEED_LEN_MAX) {
		service_call_complain(call, "size is not 1 to 255");
		seed_reply(call, STATUS_FAIL, NULL, 0);
	} else if (prng_generate(seed, (size_t)len) != ERROR_NONE) {
		seed_reply(call, STATUS_ERR, NULL, 0);
	} else {
		seed_reply(call, STATUS_OK, seed, (size_t)len);
		explicit_bzero(seed, (size_t)len);
	}
}
