#ifndef CA_TEMPLATE_INTERNAL_H_
#define CA_TEMPLATE_INTERNAL_H_
struct ca_template;

/* Longest a leaf may live and the backdating that is ever sensible. */
#define CA_VALIDITY_MIN 3600
#define CA_VALIDITY_MAX (INT64_C(5) * 366 * 86400)
#define CA_BACKDATE_MAX 86400

/* Firmware from here on refuses RSA-2048 and SHA-256. */
#define CA_AMT_STRONG 22

/* What the key and the CSR's signature must be. */
struct ca_key_policy {
	unsigned bits;
	unsigned hash_bits; /* at least */
};

/* The template must have passed ca_template_check(). */
struct ca_key_policy ca_template_key(
    const struct ca_template *t, int amt_major);
#endif
