/*
 * ctl_check_tls: does this Postfix use TLS at all? If not, nobody asks the
 * daemon for anything.
 */
#include "ctl_check.h"
#include "ctl_file.h"
#include "xalloc.h"

#include <stdlib.h>
#include <string.h>

/* Those that turn TLS on in main.cf: postconf(5). */
static const char *const switches[] = {
	"smtpd_tls_security_level",
	"smtpd_use_tls",
	"smtpd_enforce_tls",
	"smtpd_tls_wrappermode",
	"smtp_tls_security_level",
	"smtp_use_tls",
	"smtp_enforce_tls",
	"smtp_tls_wrappermode",
	"smtp_tls_policy_maps",
	"smtp_tls_per_site",
	"lmtp_tls_security_level",
	"lmtp_use_tls",
	"lmtp_enforce_tls",
	"lmtp_tls_policy_maps",
};

static bool
is_on(const char *value)
{
	return *value != '\0' && strcmp(value, "no") != 0 &&
	       strcmp(value, "none") != 0;
}

static bool
is_on_in_main_cf(struct ctl_check *check)
{
	bool is_used = false;

	for (size_t i = 0; i < sizeof(switches) / sizeof(switches[0]); i++) {
		char *value = ctl_config_value(check->ctl, switches[i]);

		is_used = is_used || (value != NULL && is_on(value));
		free(value);
	}
	return is_used;
}

/* In a -o of a service: which is not looked at closely. */
static bool
is_named_in_master_cf(const struct ctl_check *check)
{
	char *path = xasprintf("%s/master.cf", check->ctl->config_directory);
	char *text = NULL, *cause = NULL, *rest, *line;
	bool is_named = false;
	size_t len;

	if (ctl_file_read(path, &text, &len, &cause) == ERROR_NONE) {
		rest = text;
		while ((line = strsep(&rest, "\n")) != NULL)
			if (*line != '#' &&
			    (strstr(line, "tls_security_level") != NULL ||
				strstr(line, "tls_wrappermode") != NULL ||
				strstr(line, "use_tls") != NULL ||
				strstr(line, "enforce_tls") != NULL))
				is_named = true;
		free(text);
	}
	free(cause);
	free(path);
	return is_named;
}

void
ctl_check_tls(struct ctl_check *check)
{
	if (!is_on_in_main_cf(check) && !is_named_in_master_cf(check))
		ctl_finding_add(&check->findings, CTL_WARNING,
		    "to use TLS, set smtp_tls_security_level = may in main.cf, "
		    "and with a certificate smtpd_tls_security_level = may; "
		    "then: postfix reload",
		    "Postfix uses no TLS: nobody asks the daemon for anything");
}
