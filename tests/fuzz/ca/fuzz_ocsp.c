/*
 * OCSP requests: any bytes are refused, or become a request whose every part
 * can be looked at and whose nonce can be given back.
 */
#include <assert.h>
#include <openssl/err.h>
#include <openssl/obj_mac.h>
#include <openssl/ocsp.h>
#include <stdint.h>
#include <string.h>

#include "ca.h"
#include "ocsp_internal.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
look_at(OCSP_CERTID *id)
{
	struct ca_issuer issuer = {
	    .hashes = {{.nid = NID_sha1, .len = 20},
		{.nid = NID_sha256, .len = 32}},
	};
	char serial[2 * CA_SERIAL_LEN + 1];

	(void)ca_ocsp_names(id, &issuer);
	if (ca_ocsp_serial(id, serial))
		assert(strlen(serial) == 2 * CA_SERIAL_LEN);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	OCSP_REQUEST *request = ca_ocsp_parse(data, size);
	OCSP_BASICRESP *basic;
	int i, count;

	ERR_clear_error();
	if (request == NULL)
		return 0;
	count = OCSP_request_onereq_count(request);
	assert(count >= 1 && count <= CA_OCSP_CERTS_MAX);
	for (i = 0; i < count; i++)
		look_at(
		    OCSP_onereq_get0_id(OCSP_request_onereq_get0(request, i)));
	basic = OCSP_BASICRESP_new();
	assert(basic != NULL);
	assert(OCSP_copy_nonce(basic, request) ==
	    (ca_ocsp_has_nonce(request) ? 1 : 2));
	OCSP_BASICRESP_free(basic);
	OCSP_REQUEST_free(request);
	return 0;
}
