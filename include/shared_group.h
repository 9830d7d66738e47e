/*
 * shared_group: this host as one of a group: the secret, what else all hosts
 * must have in common, and the keys and fingerprints that follow from both.
 *
 *	shared_group_open_secret()   with the privileges of the start
 *	shared_group_open_trust()    with these too, as smtp(8) reads its CAfile
 *	shared_group_begin()         in the jail, where nothing can be opened
 *	shared_group_close()
 *
 * Nothing that is wrong with any of this is ever fatal: one warning is logged
 * that says what, and this host shares nothing.
 */
#ifndef SHARED_GROUP_H
#define SHARED_GROUP_H

#include "buffer.h"
#include "error.h"
#include "shared_context.h"
#include "shared_secret.h"

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

/* In the order of enum cache_type. */
enum shared_side { SHARED_SMTPD, SHARED_SMTP, SHARED_LMTP, SHARED_SIDES };
extern const char *const shared_side_names[SHARED_SIDES];

struct config;
typedef void shared_parameter_fn(
    void *arg, const char *name, const char *value);

/* From the configuration; everything is borrowed for as long as the group. */
struct shared_group_config {
	const char *problem;       /* for which nothing is shared, or NULL */
	const char *secret_file;   /* empty: this host is in no group */
	const char *group;         /* its name */
	const char *trust_files;   /* paths, with commas or blanks between */
	const char *servers;       /* of an engine; empty: the secret alone */
	const char *password_file; /* for it; empty: none */
	uid_t owner;               /* may own these two files; besides root */
	struct {
		int64_t timeout_s;   /* of a session; 0: the side is off */
		const char *ca_file; /* SIDE_tls_CAfile; may be empty */
	} sides[SHARED_SIDES];
	/* Calls `each` for every parameter that belongs to a side, by name. */
	void (*each_parameter)(const struct config *, const char *side,
	    shared_parameter_fn *each, void *each_arg);
	const struct config *parameters; /* handed to it, and not looked into */
};

/*
 * An initializer for one of them from a struct settings *, for those who read
 * settings: the daemon, and the tool that has to see what the daemon would.
 */
#define SHARED_GROUP_CONFIG(settings, config, uid)                        \
	{                                                                 \
		.problem = (settings)->shared_problem,                    \
		.secret_file = (settings)->tlsmgr_shared_secret_file,     \
		.group = (settings)->tlsmgr_shared_group,                 \
		.trust_files = (settings)->tlsmgr_shared_trust_files,     \
		.servers = (settings)->tlsmgr_shared_servers,             \
		.password_file = (settings)->tlsmgr_shared_password_file, \
		.owner = (uid),                                           \
		.sides = { SHARED_GROUP_SIDE(settings, smtpd),            \
			SHARED_GROUP_SIDE(settings, smtp),                \
			SHARED_GROUP_SIDE(settings, lmtp) },              \
		.each_parameter = settings_digest_each,                   \
		.parameters = (config),                                   \
	}
#define SHARED_GROUP_SIDE(settings, side)                          \
	{                                                          \
		cache_timeout_adjust(                              \
		    (settings)->side##_tls_session_cache_timeout), \
		    (settings)->side##_tls_CAfile                  \
	}

/* A file whose content all hosts must have in common. */
struct shared_trust_file {
	char *path;     /* owned */
	unsigned sides; /* that it belongs to: bits 1 << enum shared_side */
	bool is_read;   /* if not, it counts as empty */
	unsigned char hash[SHARED_DIGEST_LEN]; /* SHA-256 */
};

struct shared_group {
	struct shared_group_config config;
	char *problem; /* owned; NULL: none */
	/*
	 * Of the files of secrets and of the password, until they are parsed.
	 */
	struct buffer text, password_text;
	char *user, *password;                 /* owned; NULL: none */
	struct shared_trust_file *trust_files; /* owned */
	unsigned trust_file_count;
	struct shared_secrets secrets; /* none: nothing is shared */
	struct shared_context contexts[SHARED_SIDES]; /* len 0: it is off */
	/* Empty where there is no such secret, or the side is off. */
	char fingerprints[SHARED_SIDES][SHARED_SECRETS_MAX]
			 [SHARED_FINGERPRINT_LEN + 1];
};

/*
 * Take the values, and read the file of secrets as bytes, of which nothing is
 * parsed yet. Nothing is read where the configuration has a problem, and that
 * is not logged: whoever found it has. Pair with shared_group_close() in any
 * case.
 */
void shared_group_open_secret(
    struct shared_group *, const struct shared_group_config *);

/* Hash the trust files, as the effective user. Does nothing without a group. */
void shared_group_open_trust(struct shared_group *);

/*
 * Parse what was read. True: there are secrets, contexts and fingerprints.
 * False: this host shares nothing, because of the problem or as configured.
 */
bool shared_group_begin(struct shared_group *);

/*
 * Mark the sides that a list of caches names. A word that names none is passed
 * over, with a warning.
 */
void shared_group_read_caches(const char *list, bool sides[SHARED_SIDES]);

/* Has it an engine? Once it is begun. */
bool shared_group_has_engine(const struct shared_group *);

/* Is this host meant to be in a group? */
bool shared_group_is_configured(const struct shared_group *);

/* Wipe and free everything. */
void shared_group_close(struct shared_group *);

#endif
