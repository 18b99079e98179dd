/*
 * What Vault's PKI engine may send: the first octet picks the reader.  Nothing
 * that people read may hold a byte that a terminal obeys, nothing that goes
 * into a path anything but a serial, and no certificate is found for a key that
 * none can have.
 */
#include <assert.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "fetch.h"
#include "secret.h"
#include "vault_internal.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const uint8_t no_key[] = {0x30, 0x00};
static const struct ca_span nobody = {no_key, sizeof(no_key)};
static const struct ca_vault_paths paths = {
    "pki/sign/amt", "pki/revoke", "pki/certs"};

static void
check_text(const char *text)
{
	for (; *text != '\0'; text++)
		assert(*text == '\n' || (*text >= 0x20 && *text < 0x7f));
}

static void
read_sign(struct ca_span body)
{
	struct ca_bridge_answer a;

	ca_bridge_answer_init(&a);
	assert(ca_vault_read_sign(body, nobody, &a) != NULL);
	assert(a.leaf.len == 0);
	ca_vault_read_kept(body, nobody, &a.leaf);
	assert(a.leaf.len == 0);
	(void)ca_vault_is_revoked(body);
	ca_bridge_answer_clear(&a);
}

/* The first octet of the rest picks a status. */
static void
read_refusal(struct ca_span body)
{
	static const int statuses[] = {
	    200, 204, 307, 400, 403, 404, 412, 429, 472, 473, 500, 503};
	struct net_fetched got = {.status = 0};
	struct ca_bridge_answer a;
	struct buf out;

	if (body.len == 0)
		return;
	got.status = statuses[body.p[0] % (sizeof(statuses) / sizeof(int))];
	buf_init(&got.body, CA_BRIDGE_ANSWER_MAX);
	buf_add(&got.body, body.p + 1, body.len - 1);
	ca_bridge_answer_init(&a);
	ca_vault_judge(&got, &a);
	check_text(buf_text(&a.text));
	assert(a.outcome != CA_BRIDGE_ISSUED);
	buf_init(&out, CA_BRIDGE_ANSWER_MAX);
	(void)ca_vault_show_health(&got, &out, NULL);
	check_text(buf_text(&out));
	buf_free(&out);
	ca_bridge_answer_clear(&a);
	buf_free(&got.body);
}

static void
read_login(struct ca_span body)
{
	struct secret *token = NULL;
	int64_t life = -1;

	if (ca_vault_read_login(body, &token, &life) == NULL)
		assert(token != NULL && life >= 0);
	else
		assert(token == NULL);
	secret_free(token);
}

static void
read_list(struct ca_span body)
{
	static struct ca_vault_list list;
	size_t i;

	if (ca_vault_read_list(body, &list) != 0)
		return;
	assert(list.count <= CA_VAULT_SEARCH_MAX);
	for (i = 0; i < list.count; i++)
		assert(*list.serials[i] != '\0' &&
		    strpbrk(list.serials[i], "/?#%. ") == NULL);
}

static void
read_lines(struct ca_span body)
{
	struct buf out;

	buf_init(&out, CA_BRIDGE_ANSWER_MAX);
	(void)ca_vault_show_role(body, &out, NULL);
	(void)ca_vault_show_paths(body, &paths, &out, NULL);
	check_text(buf_text(&out));
	buf_free(&out);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static void (*const readers[])(struct ca_span) = {
	    read_sign, read_refusal, read_login, read_list, read_lines};
	size_t count = sizeof(readers) / sizeof(readers[0]);

	if (size == 0 || size > CA_BRIDGE_ANSWER_MAX)
		return 0;
	readers[data[0] % count]((struct ca_span){data + 1, size - 1});
	return 0;
}
