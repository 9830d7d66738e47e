/*
 * settings_digest: whether settings are those of before. Files that outlive a
 * process carry this digest; the modules that own them know nothing else of
 * settings.
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

/*
 * Call back for each of these parameters that other hosts must have in common
 * with this one to share sessions, in byte order of the names: all but those
 * that name certificates and keys of smtpd.
 */
typedef void settings_digest_each_fn(
    void *arg, const char *name, const char *value);
void settings_digest_each(const struct config *, const char *side,
    settings_digest_each_fn *, void *arg);

#endif
