#ifndef FIXTURE_H_
#define FIXTURE_H_
#include <openssl/types.h>

#include "bridge_issue.h"
#include "buf.h"
#include "ca.h"
#include "der.h"
#include "err.h"

struct vault;

/* A folder of its own with a vault and a CA in it. */
struct fixture {
	char dir[64];
	char *vault_file, *database, *key_file;
	struct vault *vault;
	struct ca_conf conf;
	struct ca *ca;
	int64_t now;
};
/* With a CA opened, the same one throughout the process; asserts on failure. */
void fixture_open(struct fixture *f);
void fixture_reopen(struct fixture *f); /* as after a restart */
void fixture_close(struct fixture *f);	/* and remove the folder */
/* Without CA: folder and vault only. */
void fixture_open_bare(struct fixture *f);

/* The same for cmocka's tables; the fixture is the initial state. */
int fixture_setup(void **state);
int fixture_setup_bare(void **state);
int fixture_teardown(void **state);
#define FIXTURE_TEST(test, setup, fixture)                                     \
	cmocka_unit_test_prestate_setup_teardown(                              \
	    test, setup, fixture_teardown, fixture)

/* fn(arg) in a process of its own, where f->ca is open and which dies at the
 * fault point, at its n-th passage if it is "POINT:n".  The CA is closed
 * before, as a database handle must not cross a fork, and stays so.  Without
 * fault points in the build the test is skipped.
 */
void fixture_die_at(
    struct fixture *f, const char *point, void (*fn)(void *arg), void *arg);
/* From here on count how often this fault point is passed; without fault points
 * in the build the test is skipped. */
void fixture_watch(const char *point);
unsigned long fixture_watched(void); /* until here */
/* dir/name, to be freed. */
char *fixture_path(const struct fixture *f, const char *name);
void fixture_write(
    const struct fixture *f, const char *name, const void *bytes, size_t len);
/* Files in the folder whose name starts with prefix. */
size_t fixture_count(const struct fixture *f, const char *prefix);

extern const struct ca_template fixture_template; /* a year, auto */
extern const struct ca_subject fixture_subject;	  /* pc1.corp.example, AMT 16 */

/* A test key; the same for the same slot of the process. bits 2048 or so. */
EVP_PKEY *fixture_key(unsigned slot, unsigned bits);
/* An EC key on this curve, the same for the same curve. */
EVP_PKEY *fixture_ec_key(const char *curve);

/* A CSR written by hand, so that it can be wrong in every way. Zero means the
 * right thing for fixture_subject and key slot 0. */
struct csr_spec {
	EVP_PKEY *key;
	const BIGNUM *n, *e;	  /* instead of the key's */
	const char *hash;	  /* "SHA256" */
	struct ca_span algorithm; /* whole AlgorithmIdentifier */
	struct ca_span key_algorithm;
	struct ca_span key_bits; /* of subjectPublicKey */
	int version;
	struct ca_span subject; /* whole Name, instead of cn */
	const char *cn;
	size_t cn_len; /* 0: strlen */
	uint8_t cn_tag;
	const char *const *dns; /* NULL at the end */
	struct ca_span san;	/* value, instead of dns */
	bool no_san;
	struct ca_span exts;	   /* further extensions, encoded */
	struct ca_span attributes; /* further attributes, encoded */
	bool second_request;
	bool null_signed;
	bool flip; /* one bit of the signature */
};
void fixture_csr(const struct csr_spec *spec, struct buf *out);
/* The plain one. */
void fixture_good_csr(struct buf *out);
/* For fixture_subject by fixture_template, now; borrows csr and key. */
struct ca_request fixture_request(
    const struct fixture *f, const struct buf *csr, const char *key);

/* The certificate of fixture_subject, under this key, for the test key of this
 * slot; fails unless it is issued. */
void fixture_issue(const struct fixture *f, unsigned slot, const char *key,
    struct ca_cert *ret);
/* The one number that this query finds in the CA's database. */
int64_t fixture_number(const struct fixture *f, const char *sql);

/* Bridges: ask for fixture_subject's certificate under the key k1, at once. */
int fixture_ask(const struct fixture *f, struct ca_bridge *b,
    const struct buf *csr, struct ca_bridge_result *got, struct err *err);
/* Fails unless a call that returned rc failed so, with this in its text. */
void fixture_failed(
    int rc, const struct err *err, enum err_kind kind, const char *text);
#endif
