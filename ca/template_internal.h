#ifndef CA_TEMPLATE_INTERNAL_H_
#define CA_TEMPLATE_INTERNAL_H_
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct buf;
struct ca;
struct ca_issuer;
struct ca_template;
struct err;

/* Longest a leaf may live and the backdating that is ever sensible. */
#define CA_VALIDITY_MIN 3600
#define CA_VALIDITY_MAX (INT64_C(5) * 366 * 86400)
#define CA_BACKDATE_MAX 86400
/* No certificate of ours is smaller. */
#define CA_SIZE_MIN 512

/* Firmware from here on refuses RSA-2048, P-256 and SHA-256. */
#define CA_AMT_STRONG 22

enum ca_usage {
	CA_USAGE_SERVER = 1,
	CA_USAGE_CLIENT = 2,
	CA_USAGE_AMT_REMOTE = 4,
	CA_USAGE_AMT_LOCAL = 8,
	CA_USAGE_AMT_SETUP = 16
};
/* Names by comma; NULL is "server". ERR_INVALID for an unknown or repeated
 * one. */
int ca_usage_parse(const char *text, unsigned *ret_bits, struct err *err);
/* Is one among them that firmware ignores without another? */
bool ca_usage_lacks(
    unsigned bits, const char **ret_name, const char **ret_needed);
/* Append extendedKeyUsage's value. */
void ca_usage_write(unsigned bits, struct buf *out);

/* What the key and the CSR's signature must be. */
struct ca_key_policy {
	unsigned rsa_bits; /* 0: no RSA */
	bool p384;
	unsigned hash_bits; /* of the CSR's signature, at least */
	bool p256;	    /* our own servers'; no device's */
};

/* For the rest the template must have passed ca_template_check(). */
struct ca_key_policy ca_template_key(
    const struct ca_template *t, int amt_major);
/* "RSA-3072 or P-384" */
void ca_template_key_text(
    const struct ca_key_policy *policy, char *out, size_t room);
unsigned ca_template_usages(const struct ca_template *t);
size_t ca_template_max_size(const struct ca_template *t);
/* First and last second of a certificate issued now. Never before its issuer's
 * first; not behind the last of anyone above it if the template clamps. */
struct ca_period {
	int64_t not_before;
	int64_t not_after;
};
struct ca_period ca_template_period(
    const struct ca *ca, const struct ca_template *t, int64_t now);
/* The earliest end among those who vouch for a leaf. */
const struct ca_issuer *ca_first_to_end(
    const struct ca *ca, const char **ret_which);
/* Bytes of the largest certificate by this template. */
size_t ca_template_largest(const struct ca *ca, const struct ca_template *t);
#endif
