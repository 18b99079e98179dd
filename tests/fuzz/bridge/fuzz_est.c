/*
 * What an EST server may send: the first octet picks the reader.  Nothing read
 * may hold a byte that a terminal obeys.
 */
#include <assert.h>
#include <openssl/x509.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "bridge_internal.h"
#include "mem.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
check_text(const char *text)
{
	for (; *text != '\0'; text++)
		assert(*text == '\n' || (*text >= 0x20 && *text < 0x7f));
}

static void
look(void *cookie, X509 *cert)
{
	unsigned *count = cookie;

	assert(cert != NULL);
	assert(++*count <= CA_BRIDGE_CERTS_MAX);
}

static void
read_certs(struct ca_span body)
{
	/* No certificate can have this key, so no leaf may be found. */
	static const uint8_t spki[] = {0x30, 0x00};
	struct buf leaf;
	unsigned count = 0;

	buf_init(&leaf, CA_BRIDGE_ANSWER_MAX);
	(void)ca_est_each_cert(body, look, &count);
	(void)ca_est_read_certs(
	    body, (struct ca_span){spki, sizeof(spki)}, &leaf);
	assert(leaf.len == 0);
	buf_free(&leaf);
}

static void
read_attributes(struct ca_span body)
{
	const char *bars;
	struct buf out;

	buf_init(&out, 65536);
	(void)ca_est_read_attributes(body, &out, &bars);
	check_text(buf_text(&out));
	buf_free(&out);
}

static void
read_retry(struct ca_span body)
{
	char *text = mem_dup_len((const char *)body.p, body.len);
	int64_t seconds = ca_bridge_retry_after(text, 1793000000);

	assert(seconds >= 0 && seconds <= CA_BRIDGE_HINT_MAX);
	free(text);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct ca_span body = {data + 1, size - 1};

	if (size == 0 || size > CA_BRIDGE_ANSWER_MAX)
		return 0;
	switch (data[0] % 3) {
	case 0:
		read_certs(body);
		break;
	case 1:
		read_attributes(body);
		break;
	default:
		read_retry(body);
		break;
	}
	return 0;
}
