/*
 * shared_mac: a context of OpenSSL that is begun anew, with the key that it
 * has, for each message. OpenSSL 3 has deprecated what 1.1.1 has for it.
 */
#include "shared_mac.h"

#include "xalloc.h"

#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <stdlib.h>
#include <string.h>

#if OPENSSL_VERSION_NUMBER >= 0x30000000L

#include <openssl/core_names.h>
#include <openssl/params.h>

typedef EVP_MAC_CTX mac_context;

static mac_context *
make_context(const unsigned char *key)
{
	EVP_MAC *method = EVP_MAC_fetch(NULL, "HMAC", NULL);
	char digest[] = "SHA256";
	const OSSL_PARAM parameters[] = {
		OSSL_PARAM_construct_utf8_string(
		    OSSL_MAC_PARAM_DIGEST, digest, 0),
		OSSL_PARAM_construct_end(),
	};
	mac_context *context = NULL;

	if (method != NULL)
		context = EVP_MAC_CTX_new(method);
	EVP_MAC_free(method); /* the context has it */
	if (context != NULL &&
	    EVP_MAC_init(context, key, SHARED_KEY_LEN, parameters) != 1) {
		EVP_MAC_CTX_free(context);
		context = NULL;
	}
	return context;
}

static void
free_context(mac_context *context)
{
	EVP_MAC_CTX_free(context);
}

static bool
begin(mac_context *context)
{
	return EVP_MAC_init(context, NULL, 0, NULL) == 1;
}

static bool
update(mac_context *context, const void *data, size_t len)
{
	return EVP_MAC_update(context, data, len) == 1;
}

static bool
end(mac_context *context, unsigned char *out)
{
	size_t len;

	return EVP_MAC_final(context, out, &len, SHARED_KEY_LEN) == 1;
}

#else

typedef HMAC_CTX mac_context;

static mac_context *
make_context(const unsigned char *key)
{
	mac_context *context = HMAC_CTX_new();

	if (context != NULL && HMAC_Init_ex(context, key, SHARED_KEY_LEN,
				   EVP_sha256(), NULL) != 1) {
		HMAC_CTX_free(context);
		context = NULL;
	}
	return context;
}

static void
free_context(mac_context *context)
{
	HMAC_CTX_free(context);
}

static bool
begin(mac_context *context)
{
	return HMAC_Init_ex(context, NULL, 0, NULL, NULL) == 1;
}

static bool
update(mac_context *context, const void *data, size_t len)
{
	return HMAC_Update(context, data, len) == 1;
}

static bool
end(mac_context *context, unsigned char *out)
{
	return HMAC_Final(context, out, NULL) == 1;
}

#endif

struct shared_mac {
	mac_context *context;
};

struct shared_mac *
shared_mac_new(const unsigned char key[SHARED_KEY_LEN])
{
	mac_context *context = make_context(key);
	struct shared_mac *mac;

	if (context == NULL)
		return NULL;
	mac = xcalloc(1, sizeof(*mac));
	mac->context = context;
	return mac;
}

void
shared_mac_free(struct shared_mac *mac)
{
	if (mac == NULL)
		return;
	free_context(mac->context);
	free(mac);
}

bool
shared_mac_compute(struct shared_mac *mac, const void *first, size_t first_len,
    const void *second, size_t second_len, unsigned char out[SHARED_KEY_LEN])
{
	if (begin(mac->context) && update(mac->context, first, first_len) &&
	    update(mac->context, second, second_len) && end(mac->context, out))
		return true;
	memset(out, 0, SHARED_KEY_LEN);
	return false;
}
