/*
 * What step-ca may send: the first octet picks the reader.  Nothing that people
 * read may hold a byte that a terminal obeys, nothing that goes into a URL
 * anything but hex digits, and no certificate is found for a key that none can
 * have.
 */
#include <assert.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/x509.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "fetch.h"
#include "stepca_internal.h"

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const uint8_t no_key[] = {0x30, 0x00};
static struct ca_step_signer by_key = {.provisioner = "amt"};
static struct ca_step_signer by_chain = {.provisioner = "amt"};

int
LLVMFuzzerInitialize(int *argc, char ***argv)
{
	X509 *cert = X509_new();

	(void)argc;
	(void)argv;
	by_key.key = EVP_EC_gen("P-256");
	by_chain.chain = sk_X509_new_null();
	assert(cert != NULL && by_key.key != NULL && by_chain.chain != NULL);
	(void)X509_gmtime_adj(X509_getm_notBefore(cert), 0);
	(void)X509_gmtime_adj(X509_getm_notAfter(cert), 86400);
	(void)X509_set_pubkey(cert, by_key.key);
	(void)X509_sign(cert, by_key.key, EVP_sha256());
	(void)sk_X509_push(by_chain.chain, cert);
	return 0;
}

static void
check_text(const char *text)
{
	for (; *text != '\0'; text++)
		assert(*text == '\n' || (*text >= 0x20 && *text < 0x7f));
}

static void
read_sign(struct ca_span body)
{
	const struct ca_span nobody = {no_key, sizeof(no_key)};
	struct buf leaf;

	buf_init(&leaf, CA_BRIDGE_ANSWER_MAX);
	assert(ca_step_read_sign(body, nobody, &leaf) != NULL);
	assert(leaf.len == 0);
	(void)ca_step_read_ok(body);
	buf_free(&leaf);
}

/* The first octet of the rest picks a status. */
static void
read_refusal(struct ca_span body)
{
	static const int statuses[] = {200, 302, 400, 401, 403, 404, 500, 501};
	struct net_fetched got = {.status = 0};
	struct ca_bridge_answer a;

	if (body.len == 0)
		return;
	got.status = statuses[body.p[0] % (sizeof(statuses) / sizeof(int))];
	buf_init(&got.body, CA_BRIDGE_ANSWER_MAX);
	buf_add(&got.body, body.p + 1, body.len - 1);
	ca_bridge_answer_init(&a);
	ca_step_judge(&got, &a);
	check_text(buf_text(&a.text));
	assert(a.outcome != CA_BRIDGE_ISSUED);
	assert(got.status == 400 || !ca_step_is_revoked(&got));
	ca_bridge_answer_clear(&a);
	buf_free(&got.body);
}

static void
look(void *cookie, X509 *cert)
{
	unsigned *count = cookie;

	assert(cert != NULL);
	assert(++*count <= CA_BRIDGE_CERTS_MAX * CA_BRIDGE_CERTS_MAX);
}

static void
read_roots(struct ca_span body)
{
	unsigned count = 0;

	(void)ca_step_each_root(body, look, &count);
}

static void
read_provisioners(struct ca_span body)
{
	const struct ca_step_signer *signers[] = {&by_key, &by_chain};
	char cursor[CA_STEP_CURSOR_MAX];
	struct buf out;
	size_t i;
	int found;

	for (i = 0; i < 2; i++) {
		buf_init(&out, CA_BRIDGE_ANSWER_MAX);
		found = ca_step_find_provisioner(
		    body, signers[i], cursor, &out, NULL);
		/* No page can have a root above our chain. */
		assert(found <= 0 || signers[i]->chain == NULL);
		check_text(buf_text(&out));
		assert(
		    strspn(cursor, "0123456789abcdefABCDEF") == strlen(cursor));
		buf_free(&out);
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static void (*const readers[])(struct ca_span) = {
	    read_sign, read_refusal, read_roots, read_provisioners};
	size_t count = sizeof(readers) / sizeof(readers[0]);

	if (size == 0 || size > CA_BRIDGE_ANSWER_MAX)
		return 0;
	readers[data[0] % count]((struct ca_span){data + 1, size - 1});
	return 0;
}
