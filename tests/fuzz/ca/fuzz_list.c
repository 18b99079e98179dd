/*
 * Revocation lists of a root that somebody brings: any bytes are refused, or
 * become entries whose serial numbers and reasons can go into a list of ours.
 */
#include <assert.h>
#include <openssl/err.h>
#include <openssl/x509.h>
#include <stdint.h>
#include <string.h>

#include "buf.h"
#include "crl_internal.h"
#include "record_internal.h"

#define SIZE_MAX_HERE 65536

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
look_at(const X509_REVOKED *one)
{
	char serial[2 * CA_ROOT_SERIAL_MAX + 1];
	struct ca_root_entry e;
	struct buf out;

	if (!ca_root_list_entry(one, serial, &e))
		return;
	assert(strlen(serial) >= 2 && strlen(serial) < sizeof(serial));
	assert(e.reason >= 0 && e.reason <= 10 && e.at > 0);
	buf_init(&out, 256);
	ca_crl_entry(&out, e.serial, e.at, e.reason);
	assert(!out.over && out.len > 0);
	buf_free(&out);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	STACK_OF(X509_REVOKED) *list;
	X509_CRL *crl;
	struct buf file;
	int i;

	buf_init(&file, SIZE_MAX_HERE);
	buf_add(&file, data, size);
	crl = file.over ? NULL : ca_root_list_read(&file);
	list = crl != NULL ? X509_CRL_get_REVOKED(crl) : NULL;
	for (i = 0; i < sk_X509_REVOKED_num(list); i++)
		look_at(sk_X509_REVOKED_value(list, i));
	X509_CRL_free(crl);
	buf_free(&file);
	ERR_clear_error();
	return 0;
}
