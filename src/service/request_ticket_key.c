/*
 * request tktkey: the session ticket key to encrypt with, or the one of a
 * given name to decrypt with (RFC 5077).
 */
#include "clock.h"
#include "request.h"

#include <string.h>

static void
ticket_key_reply(struct service_call *call, enum service_status status,
    const struct ticket_key *key)
{
	attr_put_int(call->reply, "status", status);
	attr_put_data(
	    call->reply, "keybuf", key, key == NULL ? 0 : sizeof(*key));
	service_call_done(call);
}

/* The key of that name; without one, the key to encrypt with. */
static enum error
get_key(struct ticket_keys *keys, const unsigned char *name, size_t name_len,
    struct ticket_key *copy)
{
	const struct ticket_key *current;
	enum error error;

	if (name_len > 0)
		return ticket_keys_find(keys, clock_wall_s(), name, copy);
	error = ticket_keys_current(keys, clock_wall_s(), &current);
	if (error == ERROR_NONE)
		*copy = *current;
	return error;
}

void
request_ticket_key(struct service *service, struct attr_list *request,
    struct service_call *call)
{
	unsigned char name[TICKET_KEY_NAME_LEN];
	struct ticket_key key;
	size_t len;

	if (attr_get_data(request, "keyname", name, sizeof(name), &len) !=
		ERROR_NONE ||
	    (len != 0 && len != sizeof(name))) {
		service_call_complain(call, "no proper keyname");
		ticket_key_reply(call, STATUS_FAIL, NULL);
		return;
	}
	service_pass_over_rest(request, call);
	if (get_key(service->ticket_keys, name, len, &key) == ERROR_NONE)
		ticket_key_reply(call, STATUS_OK, &key);
	else
		ticket_key_reply(call, STATUS_ERR, NULL);
	explicit_bzero(&key, sizeof(key));
}
