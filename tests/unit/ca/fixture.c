#include "fixture.h"

#include "bridge_kind.h"

#include <dirent.h>
#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/x509.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "clock.h"
#include "db.h"
#include "err.h"
#include "fault.h"
#include "file.h"
#include "key_pool.h"
#include "mem.h"
#include "vault.h"

#define KEYS 5

const struct ca_template fixture_template = {
    .name = "amt-tls",
    .validity = 365 * CLOCK_DAY,
    .renew_before = 60 * CLOCK_DAY,
    .backdate = 3600,
    .key = "auto",
};
const struct ca_subject fixture_subject = {
    .device = "pc1",
    .fqdn = "pc1.corp.example",
    .short_name = "pc1",
    .amt_major = 16,
};

char *
fixture_path(const struct fixture *f, const char *name)
{
	return mem_printf("%s/%s", f->dir, name);
}

void
fixture_write(
    const struct fixture *f, const char *name, const void *bytes, size_t len)
{
	char *path = fixture_path(f, name);

	assert_int_equal(file_write(path, bytes, len, 0600, false, NULL), 0);
	free(path);
}

static void
make_folder(struct fixture *f)
{
	key_pool_open();
	memset(f, 0, sizeof(*f));
	(void)snprintf(f->dir, sizeof(f->dir), "/tmp/amtkeeper-ca-XXXXXX");
	assert_non_null(mkdtemp(f->dir));
	f->vault_file = fixture_path(f, "vault.key");
	f->database = fixture_path(f, "ca.db");
	f->key_file = fixture_path(f, "ca.key");
	f->now = clock_now();
}

static void
open_vault(struct fixture *f)
{
	assert_int_equal(vault_open(f->vault_file, &f->vault, NULL), 0);
	f->conf.database = f->database;
	f->conf.key_file = f->key_file;
	f->conf.vault = f->vault;
}

void
fixture_open_bare(struct fixture *f)
{
	make_folder(f);
	assert_int_equal(vault_create(f->vault_file, NULL), 0);
	open_vault(f);
}

/* CA keys take long to make: once per process, then from memory. */
static const char *const files[] = {
    "vault.key", "ca.db", "ca.key", "ca.key.root"};
#define FILES (sizeof(files) / sizeof(files[0]))
static struct buf made[FILES];

static void
make_once(void)
{
	struct fixture f;
	struct err err;
	size_t i;

	fixture_open_bare(&f);
	if (ca_create(&f.conf, &(struct ca_new){.organisation = "Example GmbH"},
		&err) != 0)
		fail_msg("%s", err.text);
	for (i = 0; i < FILES; i++) {
		char *path = fixture_path(&f, files[i]);

		buf_init(&made[i], 4u << 20);
		assert_int_equal(file_read(path, 4u << 20, &made[i], NULL), 0);
		free(path);
	}
	key_pool_keep();
	fixture_close(&f);
}

void
fixture_open(struct fixture *f)
{
	size_t i;

	if (made[0].len == 0)
		make_once();
	make_folder(f);
	for (i = 0; i < FILES; i++)
		fixture_write(f, files[i], made[i].data, made[i].len);
	open_vault(f);
	fixture_reopen(f);
}

void
fixture_reopen(struct fixture *f)
{
	struct err err;

	ca_close(f->ca);
	f->ca = NULL;
	if (ca_open(&f->conf, &f->ca, &err) != 0)
		fail_msg("%s", err.text);
}

size_t
fixture_count(const struct fixture *f, const char *prefix)
{
	DIR *d = opendir(f->dir);
	struct dirent *e;
	size_t count = 0;

	assert_non_null(d);
	while ((e = readdir(d)) != NULL)
		if (e->d_name[0] != '.' &&
		    strncmp(e->d_name, prefix, strlen(prefix)) == 0)
			count++;
	(void)closedir(d);
	return count;
}

void
fixture_close(struct fixture *f)
{
	DIR *d = opendir(f->dir);
	struct dirent *e;

	ca_close(f->ca);
	vault_close(f->vault);
	assert_non_null(d);
	while ((e = readdir(d)) != NULL) {
		char *path = fixture_path(f, e->d_name);

		if (e->d_name[0] != '.')
			(void)unlink(path);
		free(path);
	}
	(void)closedir(d);
	assert_int_equal(rmdir(f->dir), 0);
	free(f->vault_file);
	free(f->database);
	free(f->key_file);
	key_pool_close();
}

int
fixture_setup(void **state)
{
	fixture_open(*state);
	return 0;
}

int
fixture_setup_bare(void **state)
{
	fixture_open_bare(*state);
	return 0;
}

int
fixture_teardown(void **state)
{
	fixture_close(*state);
	return 0;
}

#ifdef AMTKEEPER_FAULTS
static void
live_and_die(
    struct fixture *f, const char *point, void (*fn)(void *arg), void *arg)
{
	const char *colon = strchr(point, ':');
	char *name = mem_dup_len(point, strcspn(point, ":"));

	key_pool_off();
	if (ca_open(&f->conf, &f->ca, NULL) != 0)
		_exit(1);
	fault_arm(name, colon != NULL ? strtoul(colon + 1, NULL, 10) : 1);
	free(name);
	fn(arg);
	_exit(2);
}

void
fixture_die_at(
    struct fixture *f, const char *point, void (*fn)(void *arg), void *arg)
{
	int status;
	pid_t pid;

	ca_close(f->ca);
	f->ca = NULL;
	pid = fork();
	assert_true(pid >= 0);
	if (pid == 0)
		live_and_die(f, point, fn, arg);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), FAULT_EXIT);
}

void
fixture_watch(const char *point)
{
	fault_arm(point, 0);
}

unsigned long
fixture_watched(void)
{
	unsigned long passed = fault_passed();

	fault_arm(NULL, 0);
	return passed;
}
#else
void
fixture_watch(const char *point)
{
	(void)point;
	skip();
}

unsigned long
fixture_watched(void)
{
	return 0;
}

void
fixture_die_at(
    struct fixture *f, const char *point, void (*fn)(void *arg), void *arg)
{
	(void)f;
	(void)point;
	(void)fn;
	(void)arg;
	skip();
}
#endif

EVP_PKEY *
fixture_key(unsigned slot, unsigned bits)
{
	static struct {
		EVP_PKEY *key;
		unsigned bits;
	} keys[KEYS];

	assert_true(slot < KEYS);
	if (keys[slot].bits != bits) {
		EVP_PKEY_free(keys[slot].key);
		keys[slot].key =
		    EVP_PKEY_Q_keygen(NULL, NULL, "RSA", (size_t)bits);
		keys[slot].bits = bits;
		assert_non_null(keys[slot].key);
	}
	return keys[slot].key;
}

EVP_PKEY *
fixture_ec_key(const char *curve)
{
	static EVP_PKEY *p256, *p384;
	EVP_PKEY **key = strcmp(curve, "P-256") == 0 ? &p256 : &p384;

	if (*key == NULL)
		*key = EVP_PKEY_Q_keygen(NULL, NULL, "EC", curve);
	assert_non_null(*key);
	return *key;
}

/* The form OpenSSL gives it, but for what the spec wants otherwise. */
static void
write_ec_spki(struct buf *out, const struct csr_spec *spec, EVP_PKEY *key)
{
	unsigned char *der = NULL;
	int len = i2d_PUBKEY(key, &der);
	struct ca_span whole;
	struct ca_tlv v, algorithm, bits;
	size_t mark = ca_der_open(out, CA_TAG_SEQ);

	assert_true(len > 0);
	whole = (struct ca_span){der, (size_t)len};
	assert_int_equal(ca_der_only(whole, CA_TAG_SEQ, &v), 0);
	assert_int_equal(ca_der_take(&v.body, CA_TAG_SEQ, &algorithm), 0);
	assert_int_equal(ca_der_only(v.body, CA_TAG_BITS, &bits), 0);
	ca_der_span(out,
	    spec->key_algorithm.p != NULL ? spec->key_algorithm
					  : algorithm.whole);
	if (spec->key_bits.p != NULL)
		ca_der_bits(out, spec->key_bits.p, spec->key_bits.len, 0);
	else
		ca_der_span(out, bits.whole);
	ca_der_close(out, mark);
	OPENSSL_free(der);
}

static void
write_bn(struct buf *out, const BIGNUM *bn)
{
	uint8_t bytes[1024];

	assert_true(BN_num_bytes(bn) <= (int)sizeof(bytes));
	ca_der_uint(out, bytes, (size_t)BN_bn2bin(bn, bytes));
}

static void
write_algorithm(struct buf *out, struct ca_span oid)
{
	size_t mark = ca_der_open(out, CA_TAG_SEQ);

	ca_der_span(out, oid);
	ca_der_tlv(out, CA_TAG_NULL, NULL, 0);
	ca_der_close(out, mark);
}

static void
write_spki(struct buf *out, const struct csr_spec *spec, EVP_PKEY *key)
{
	BIGNUM *n = NULL, *e = NULL;
	struct buf pair;
	size_t mark;

	if (EVP_PKEY_is_a(key, "EC")) {
		write_ec_spki(out, spec, key);
		return;
	}
	buf_init(&pair, 4096);
	assert_int_equal(
	    EVP_PKEY_get_bn_param(key, OSSL_PKEY_PARAM_RSA_N, &n), 1);
	assert_int_equal(
	    EVP_PKEY_get_bn_param(key, OSSL_PKEY_PARAM_RSA_E, &e), 1);
	mark = ca_der_open(&pair, CA_TAG_SEQ);
	write_bn(&pair, spec->n != NULL ? spec->n : n);
	write_bn(&pair, spec->e != NULL ? spec->e : e);
	ca_der_close(&pair, mark);
	mark = ca_der_open(out, CA_TAG_SEQ);
	if (spec->key_algorithm.p != NULL)
		ca_der_span(out, spec->key_algorithm);
	else
		write_algorithm(out, ca_oids.rsa);
	ca_der_bits(out, pair.data, pair.len, 0);
	ca_der_close(out, mark);
	buf_free(&pair);
	BN_free(n);
	BN_free(e);
}

static void
write_subject(struct buf *out, const struct csr_spec *spec)
{
	const char *cn = spec->cn != NULL ? spec->cn : fixture_subject.fqdn;
	size_t len = spec->cn_len != 0 ? spec->cn_len : strlen(cn);
	size_t name, set, pair;

	if (spec->subject.p != NULL) {
		ca_der_span(out, spec->subject);
		return;
	}
	name = ca_der_open(out, CA_TAG_SEQ);
	set = ca_der_open(out, CA_TAG_SET);
	pair = ca_der_open(out, CA_TAG_SEQ);
	ca_der_span(out, ca_oids.common_name);
	ca_der_tlv(
	    out, spec->cn_tag != 0 ? spec->cn_tag : CA_TAG_UTF8, cn, len);
	ca_der_close(out, pair);
	ca_der_close(out, set);
	ca_der_close(out, name);
}

static void
write_san(struct buf *out, const struct csr_spec *spec)
{
	const char *const plain[] = {fixture_subject.fqdn, NULL};
	const char *const *dns = spec->dns != NULL ? spec->dns : plain;
	struct buf value;
	size_t mark, ext;

	buf_init(&value, 4096);
	if (spec->san.p != NULL) {
		ca_der_span(&value, spec->san);
	} else {
		mark = ca_der_open(&value, CA_TAG_SEQ);
		for (; *dns != NULL; dns++)
			ca_der_text(&value, CA_TAG_CONTEXT(2), *dns);
		ca_der_close(&value, mark);
	}
	ext = ca_der_open(out, CA_TAG_SEQ);
	ca_der_span(out, ca_oids.alt_name);
	ca_der_tlv(out, CA_TAG_OCTETS, value.data, value.len);
	ca_der_close(out, ext);
	buf_free(&value);
}

static void
write_request(struct buf *out, const struct csr_spec *spec, bool again)
{
	size_t attribute = ca_der_open(out, CA_TAG_SEQ), set, list;

	ca_der_span(out, ca_oids.extension_request);
	set = ca_der_open(out, CA_TAG_SET);
	list = ca_der_open(out, CA_TAG_SEQ);
	if (!spec->no_san && !again)
		write_san(out, spec);
	ca_der_span(out, spec->exts);
	ca_der_close(out, list);
	ca_der_close(out, set);
	ca_der_close(out, attribute);
}

static void
write_info(struct buf *out, const struct csr_spec *spec, EVP_PKEY *key)
{
	size_t info = ca_der_open(out, CA_TAG_SEQ), attributes;

	ca_der_number(out, (uint64_t)spec->version);
	write_subject(out, spec);
	write_spki(out, spec, key);
	attributes = ca_der_open(out, CA_TAG_CONTEXT_SEQ(0));
	write_request(out, spec, false);
	if (spec->second_request)
		write_request(out, spec, true);
	ca_der_span(out, spec->attributes);
	ca_der_close(out, attributes);
	ca_der_close(out, info);
}

static void
write_ecdsa(struct buf *out, const char *hash)
{
	size_t mark = ca_der_open(out, CA_TAG_SEQ);

	ca_der_span(out,
	    strcmp(hash, "SHA256") == 0 ? ca_oids.ecdsa_sha256
					: ca_oids.ecdsa_sha384);
	ca_der_close(out, mark);
}

static void
write_signature(struct buf *out, const struct csr_spec *spec, EVP_PKEY *key,
    const struct buf *info)
{
	bool ec = EVP_PKEY_is_a(key, "EC");
	const char *hash = spec->hash != NULL ? spec->hash
	    : ec			      ? "SHA384"
					      : "SHA256";
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	uint8_t signature[1024] = {0};
	size_t len = sizeof(signature);

	assert_non_null(ctx);
	assert_int_equal(
	    EVP_DigestSignInit_ex(ctx, NULL, hash, NULL, NULL, key, NULL), 1);
	assert_int_equal(
	    EVP_DigestSign(ctx, signature, &len, info->data, info->len), 1);
	EVP_MD_CTX_free(ctx);
	if (spec->null_signed)
		memset(signature, 0, sizeof(signature));
	if (spec->flip)
		signature[len / 2] ^= 1;
	if (spec->algorithm.p != NULL)
		ca_der_span(out, spec->algorithm);
	else if (ec)
		write_ecdsa(out, hash);
	else if (strcmp(hash, "SHA384") == 0)
		write_algorithm(out, ca_oids.sha384_rsa);
	else
		write_algorithm(out, ca_oids.sha256_rsa);
	ca_der_bits(out, signature, len, 0);
}

void
fixture_csr(const struct csr_spec *spec, struct buf *out)
{
	EVP_PKEY *key = spec->key != NULL ? spec->key : fixture_key(0, 2048);
	struct buf info;
	size_t mark;

	buf_init(&info, 16384);
	write_info(&info, spec, key);
	mark = ca_der_open(out, CA_TAG_SEQ);
	buf_add(out, info.data, info.len);
	write_signature(out, spec, key, &info);
	ca_der_close(out, mark);
	assert_false(out->over || info.over);
	buf_free(&info);
}

void
fixture_good_csr(struct buf *out)
{
	const struct csr_spec spec = {0};

	fixture_csr(&spec, out);
}

struct ca_request
fixture_request(const struct fixture *f, const struct buf *csr, const char *key)
{
	return (struct ca_request){
	    .template = &fixture_template,
	    .subject = &fixture_subject,
	    .csr = csr->data,
	    .csr_len = csr->len,
	    .key = key,
	    .now = f->now,
	};
}

void
fixture_issue(const struct fixture *f, unsigned slot, const char *key,
    struct ca_cert *ret)
{
	const struct csr_spec spec = {.key = fixture_key(slot, 2048)};
	struct ca_request request;
	struct buf csr;
	struct err err;

	buf_init(&csr, 16384);
	fixture_csr(&spec, &csr);
	request = fixture_request(f, &csr, key);
	if (ca_issue(f->ca, &request, ret, &err) != 0)
		fail_msg("%s", err.text);
	buf_free(&csr);
}

int64_t
fixture_number(const struct fixture *f, const char *sql)
{
	struct db_rows *rows;
	struct db *db;
	int64_t n;

	assert_int_equal(db_open(f->database, false, &db, NULL), 0);
	assert_int_equal(db_query(db, &rows, NULL, sql, ""), 0);
	assert_int_equal(db_next(rows, NULL), 1);
	n = db_int(rows, 0);
	db_done(rows);
	db_close(db);
	return n;
}

/* --- bridges --- */

int
fixture_ask(const struct fixture *f, struct ca_bridge *b, const struct buf *csr,
    struct ca_bridge_result *got, struct err *err)
{
	struct ca_request request = fixture_request(f, csr, "k1");

	ca_cert_clear(&got->cert);
	b->held_until = 0;
	return ca_bridge_issue(f->ca, b, &request, 0, got, err);
}

void
fixture_failed(
    int rc, const struct err *err, enum err_kind kind, const char *text)
{
	assert_int_equal(rc, -1);
	if (err->kind != kind || strstr(err->text, text) == NULL)
		fail_msg("not %s \"%s\": %s: %s", err_kind_name(kind), text,
		    err_kind_name(err->kind), err->text);
}
