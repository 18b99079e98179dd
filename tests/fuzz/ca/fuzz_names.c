/*
 * What records and the directory say of a device, for a certificate: refused in
 * printable words, or written so that it can be read back.  First octet: what
 * the template names; then a line each: FQDN, short name, address, UPN, SID.
 */
#include <assert.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "buf.h"
#include "ca.h"
#include "err.h"
#include "mem.h"
#include "names_internal.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
check_refused(const struct err *err)
{
	size_t i;

	assert(err->kind == ERR_INVALID);
	for (i = 0; err->text[i] != '\0'; i++)
		assert(err->text[i] >= 0x20 && err->text[i] < 0x7f);
}

/* All but the account, which no CSR may name: then it is refused. */
static void
check_written(const struct ca_template *t, const struct ca_names *n)
{
	struct ca_names again;
	struct buf out, text;
	struct err err;

	buf_init(&out, 4096);
	buf_init(&text, 4096);
	ca_names_write(n, &out);
	ca_names_text(n, &text);
	assert(!out.over && !text.over);
	assert(ca_der_check(ca_der_bytes(&out)) == NULL);
	if (ca_names_read(ca_der_bytes(&out), t->underscore, &again, &err) ==
	    0) {
		assert(n->upn == NULL);
		assert(ca_names_same(&again, n, &err) == 0);
		ca_names_clear(&again);
	} else {
		assert(n->upn != NULL);
	}
	buf_reset(&out);
	if (n->sid != NULL)
		ca_sid_write(n->sid, &out);
	assert(out.len == 0 || ca_der_check(ca_der_bytes(&out)) == NULL);
	buf_free(&out);
	buf_free(&text);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct ca_template t = {.name = "fuzz", .key = "auto"};
	char *text, *rest, *lines[5] = {NULL};
	struct ca_subject s = {.device = "pc1"};
	struct ca_names n;
	struct err err;
	size_t i;

	if (size == 0)
		return 0;
	t.short_name = (data[0] & 1) != 0;
	t.address = (data[0] & 2) != 0;
	t.upn = (data[0] & 4) != 0;
	t.sid = (data[0] & 8) != 0;
	t.underscore = (data[0] & 32) != 0;
	rest = text = mem_dup_len((const char *)data + 1, size - 1);
	for (i = 0; i < 5 && rest != NULL; i++)
		lines[i] = strsep(&rest, "\n");
	s.fqdn = lines[0];
	s.short_name = lines[1];
	s.address = lines[2];
	s.upn = lines[3];
	s.sid = lines[4];
	err_clear(&err);
	if (ca_names_want(&t, &s, &n, &err) != 0) {
		check_refused(&err);
	} else {
		check_written(&t, &n);
		ca_names_clear(&n);
	}
	free(text);
	return 0;
}
