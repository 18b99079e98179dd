#ifndef CA_CSR_INTERNAL_H_
#define CA_CSR_INTERNAL_H_
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "der.h"
#include "names_internal.h"

struct ca;
struct ca_request;
struct ca_subject;
struct ca_template;
struct err;

#define CA_CSR_MAX 8192
#define CA_CSR_ATTRIBUTES 8
#define CA_CSR_EXTENSIONS 16

struct ca_csr_ext {
	struct ca_span oid;
	bool critical;
	struct ca_span value; /* inside the OCTET STRING */
};

/* A PKCS#10 request (RFC 2986) taken apart; all spans lie in the request. */
struct ca_csr {
	struct ca_span info; /* what is signed */
	struct ca_span version;
	struct ca_span subject;
	struct ca_span spki;
	struct ca_span key_algorithm;
	struct ca_span key_bits; /* the subjectPublicKey's bytes */
	bool ec;		 /* filled by rule key.type, as what follows */
	struct ca_span modulus;	 /* RSA */
	struct ca_span exponent;
	struct ca_span curve;	  /* EC: its OID; key_bits is the point */
	struct ca_span algorithm; /* of the signature */
	struct ca_span signature;
	size_t attributes;
	size_t requests; /* extensionRequest attributes among them */
	struct ca_csr_ext ext[CA_CSR_EXTENSIONS];
	size_t ext_count;
	bool ext_over; /* there were more */
};

/* Shape only; der has passed ca_der_check(). NULL, or what is wrong. */
const char *ca_csr_parse(struct ca_span der, struct ca_csr *ret);
/* The extension with this OID; NULL. */
const struct ca_csr_ext *ca_csr_ext(
    const struct ca_csr *csr, struct ca_span oid);
/* Fill in ec and what follows it from the key; ERR_INVALID. */
int ca_csr_read_key(struct ca_csr *csr, struct err *err);
/* n and e, unsigned, from an RSAPublicKey (RFC 8017, A.1.1). */
int ca_csr_rsa(
    struct ca_span key, struct ca_span *ret_n, struct ca_span *ret_e);

/* What the rules work on. */
struct ca_csr_case {
	const struct ca *ca; /* NULL: rules on our own records do not apply */
	const struct ca_template *t;
	const struct ca_subject *subject;
	struct ca_span der;
	int64_t now;
	struct ca_csr csr;
	struct ca_names want; /* from the record */
	struct ca_names have; /* from the CSR */
	uint8_t spki_sha256[32];
};
/* Borrows what the request points to. */
void ca_csr_case_init(struct ca_csr_case *c, const struct ca *ca,
    const struct ca_request *request);
/* Every rule in order; the first that fails names itself in the text. On
 * success the case holds the CSR taken apart and both sets of names. */
int ca_csr_case_check(struct ca_csr_case *c, struct err *err);
/* Its rules of form and of extensions alone, whatever is asked for: the case
 * needs der, and gets csr. */
int ca_csr_case_check_form(struct ca_csr_case *c, struct err *err);
/* The same in two parts: what can be said without the records, by any thread,
 * and then what they say, with the store locked. */
int ca_csr_case_check_alone(struct ca_csr_case *c, struct err *err);
int ca_csr_case_check_records(struct ca_csr_case *c, struct err *err);
void ca_csr_case_clear(struct ca_csr_case *c);
/* The rules about our records, asked again when an intent is recorded: keys of
 * other devices and compromised ones, names of other devices are refused. */
int ca_csr_key_owner(struct ca_csr_case *c, struct err *err);
int ca_csr_names_owner(struct ca_csr_case *c, struct err *err);
/* The rules about the key and its signature, each 0, or -1 with the value that
 * is wrong; in csr_key.c. */
typedef int ca_csr_rule_fn(struct ca_csr_case *c, struct err *err);
ca_csr_rule_fn ca_rule_key_type, ca_rule_key_size, ca_rule_key_exponent,
    ca_rule_key_factors, ca_rule_key_roca, ca_rule_key_primes,
    ca_rule_key_curve, ca_rule_key_point, ca_rule_key_authority,
    ca_rule_key_blocked, ca_rule_names_constraints, ca_rule_signature_algorithm,
    ca_rule_signature_valid;
/* "WHAT OID WHY": an OBJECT IDENTIFIER in words if it is known. */
int ca_csr_bad_oid(
    struct err *err, const char *what, struct ca_span oid, const char *why);

/* Names of the rules, in order; NULL past the last. */
const char *ca_csr_rule_name(size_t i);

/* A factor below 752 of the modulus n; 0. */
unsigned ca_key_small_factor(struct ca_span n);
/* Key checks, each NULL or what is wrong. */
const char *ca_key_roca(struct ca_span n);
const char *ca_key_close_primes(struct ca_span n);
unsigned ca_key_bits(struct ca_span n);
#endif
