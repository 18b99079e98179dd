#ifndef STR_H_
#define STR_H_
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct buf;
struct err;

/* Equal; NULL equals only NULL. */
bool str_eq(const char *a, const char *b);
/* Equal without regard to ASCII case; for DNS names, options, words. */
bool str_ieq(const char *a, const char *b);
bool str_starts(const char *text, const char *prefix);
/* NULL and "" are empty. */
bool str_empty(const char *text);
/* Lower-case ASCII in place; returns text. */
char *str_lower(char *text);
char *str_upper(char *text);
/* Decimal, the whole text, within [min, max]; 0 or -1 (*ret unchanged). */
int str_int(const char *text, int64_t min, int64_t max, int64_t *ret);

/* Lower-case hex of len bytes into out (2 * len + 1 characters). */
void str_hex(const uint8_t *bytes, size_t len, char *out);
/* Exactly len bytes from 2 * len hex digits; 0 or -1. */
int str_unhex(const char *hex, uint8_t *out, size_t len);
/* Append base64 without line breaks. */
void str_base64(struct buf *out, const uint8_t *bytes, size_t len);
/* Append what the base64 text stands for; white space is skipped. 0 or -1. */
int str_unbase64(struct buf *out, const char *text);

/* Lower-case hex SHA-256 of what the base64 text stands for; -1 and "" when it
 * is NULL, empty, no base64 or longer than max bytes. */
int str_base64_sha256(const char *text, size_t max, char out[65]);

/* A peer's text for logs and terminals: control and non-ASCII bytes as \xNN,
 * at most max characters, "..." when cut. */
void str_printable(struct buf *out, const char *text, size_t len, size_t max);

/* As one word for a POSIX shell: in single quotes, those within apart. */
void str_quote(struct buf *out, const char *text);

/* "pc1.corp.example" -> "pc1", "corp.example"; domain "" when there is no dot.
 * The two results are given. */
void str_split_fqdn(const char *fqdn, char **ret_host, char **ret_domain);
/* RFC 1123 host name rules: labels 1-63 of letters, digits and inner hyphens,
 * 253 in all, no trailing dot. */
bool str_is_fqdn(const char *name);
/* "192.0.2.1:80" or "[2001:db8::1]:80", literals only; 0 or -1. */
#define STR_ADDRESS 46
int str_address(
    const char *text, char ret_host[STR_ADDRESS], uint16_t *ret_port);
/* Edits that turn a into b (Levenshtein); STR_FAR when one has more bytes. */
#define STR_FAR 64
size_t str_distance(const char *a, const char *b);
/* "a, b": those of names a typing error away from word, in any case, at most
 * three; given, NULL when there are none. */
char *str_near(const char *word, const char *const *names, size_t count);
/* SHA-256, as bytes and in lower-case hex. */
void str_sha256(const void *bytes, size_t len, uint8_t out[32]);
void str_sha256_hex(const void *bytes, size_t len, char out[65]);
#endif
