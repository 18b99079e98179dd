/*
 * What Microsoft's enrolment web services may say: the first octet picks the
 * reader.  Nothing read may hold a byte that a terminal obeys, and no
 * certificate may be taken that is not for our key.
 */
#include <assert.h>
#include <openssl/x509_vfy.h>
#include <stdint.h>
#include <string.h>

#include "ces_internal.h"
#include "mem.h"

#define ID "urn:uuid:11111111-2222-4333-8444-555555555555"

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct ca_bridge bridge;

int
LLVMFuzzerInitialize(int *argc, char ***argv)
{
	(void)argc;
	(void)argv;
	bridge.kind = &ca_bridge_ces;
	bridge.name = mem_dup("corp");
	bridge.url = mem_dup("https://ces.corp.example/CES");
	bridge.label = mem_dup("AmtDevice");
	bridge.anchors = X509_STORE_new(); /* nobody */
	assert(bridge.anchors != NULL);
	return 0;
}

static void
check_text(const char *text)
{
	for (; *text != '\0'; text++)
		assert(*text == '\n' || (*text >= 0x20 && *text < 0x7f));
}

static void
read_answer(struct ca_span body)
{
	/* No certificate can have this key, so no leaf may be found. */
	static const uint8_t spki[] = {0x30, 0x00};
	const struct ca_span key = {spki, sizeof(spki)};
	struct ca_bridge_answer a;
	const char *why = NULL;

	ca_bridge_answer_init(&a);
	if (!ca_ces_read(body, ID, key, &a, &why))
		assert(why != NULL && a.outcome == CA_BRIDGE_UNKNOWN);
	assert(a.outcome != CA_BRIDGE_ISSUED && a.leaf.len == 0);
	assert((a.outcome == CA_BRIDGE_PENDING) == (a.request_id[0] != '\0'));
	check_text(a.request_id);
	check_text(buf_text(&a.text));
	ca_bridge_answer_clear(&a);
}

static void
read_policies(struct ca_span body)
{
	struct err err = {.kind = ERR_NONE};
	struct buf out;

	buf_init(&out, 65536);
	if (ca_ces_read_policies(&bridge, body, ID, &out, &err) != 0)
		assert(err.kind == ERR_PROTOCOL || err.kind == ERR_REFUSED);
	check_text(buf_text(&out));
	check_text(err.text);
	buf_free(&out);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct ca_span body = {data + 1, size - 1};

	if (size == 0 || size > CA_BRIDGE_ANSWER_MAX)
		return 0;
	if (data[0] % 2 == 0)
		read_answer(body);
	else
		read_policies(body);
	return 0;
}
