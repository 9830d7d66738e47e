/*
 * settings_digest: whether settings are those of before. What is kept across
 * processes is kept with this, and knows no more of settings.
 */
#ifndef SETTINGS_DIGEST_H
#define SETTINGS_DIGEST_H

struct config;

/*
 * SHA-256 over the settings on which the sessions of one side ("smtpd",
 * "smtp", "lmtp") depend: every SIDE_tls_* and tls_* parameter that is set,
 * expanded, but for log levels, the generator and the place, size and timeout
 * of the cache itself.
 */
#define SETTINGS_DIGEST_LEN 32
void settings_digest(const struct config *, const char *side,
    unsigned char digest[SETTINGS_DIGEST_LEN]);

#endif
