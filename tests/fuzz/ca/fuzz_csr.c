/*
 * Every rule but those that ask the CA's records, over any bytes.  A leading
 * octet picks template and firmware, so that every kind of key is reached.
 */
#include <assert.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "ca.h"
#include "csr_internal.h"
#include "err.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Nothing of the peer's reaches the text unescaped. */
static void
check_text(const struct err *err)
{
	size_t i;

	assert(err->kind == ERR_INVALID || err->kind == ERR_REFUSED);
	for (i = 0; err->text[i] != '\0'; i++)
		assert(err->text[i] >= 0x20 && err->text[i] < 0x7f);
}

/* The rules stop at the signature, which no fuzzer forges; the readers of names
 * behind it get their input here. */
static void
read_names(struct ca_span der, bool underscore)
{
	const struct ca_csr_ext *alt_name;
	struct ca_names names;
	struct ca_csr csr;
	struct err err;
	char *cn;

	if (ca_der_check(der) != NULL || ca_csr_parse(der, &csr) != NULL)
		return;
	if (ca_names_read_cn(csr.subject, &cn, &err) != 0)
		check_text(&err);
	else
		free(cn);
	if (ca_names_check_authority(csr.subject, &err) != 0)
		check_text(&err);
	alt_name = ca_csr_ext(&csr, ca_oids.alt_name);
	if (alt_name == NULL)
		return;
	if (ca_names_read(alt_name->value, underscore, &names, &err) != 0)
		check_text(&err);
	else
		ca_names_clear(&names);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct ca_template t = {
	    .name = "fuzz",
	    .validity = 86400,
	    .renew_before = 3600,
	    .key = "auto",
	};
	struct ca_subject subject = {
	    .device = "pc1",
	    .fqdn = "pc1.corp.example",
	    .short_name = "pc1",
	};
	struct ca_request request = {.template = &t, .subject = &subject};
	struct err err;

	if (size == 0)
		return 0;
	request.csr = data + 1;
	request.csr_len = size - 1;
	t.short_name = (data[0] & 1) != 0;
	subject.amt_major = (data[0] & 2) != 0 ? 22 : 16;
	t.underscore = (data[0] & 4) != 0;
	if ((data[0] & 8) != 0)
		t.key = "ec-p384";
	if (ca_csr_check(NULL, &request, &err) != 0)
		check_text(&err);
	read_names((struct ca_span){data + 1, size - 1}, t.underscore);
	return 0;
}
