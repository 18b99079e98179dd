#ifndef MADE_UP_H_
#define MADE_UP_H_
#include <krb5.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define MADE_UP_SERVICE "k@R"

/* me@R's ticket for it, which no KDC gave, with a session key that is known;
 * lives as long as ctx. */
static inline void
made_up_creds(krb5_context ctx, krb5_creds *ret)
{
	/* Ticket (RFC 4120 5.3) with one octet that is sealed. */
	static uint8_t ticket[] = {0x61, 0x2a, 0x30, 0x28, 0xa0, 0x03, 0x02,
	    0x01, 0x05, 0xa1, 0x03, 0x1b, 0x01, 'R', 0xa2, 0x0e, 0x30, 0x0c,
	    0xa0, 0x03, 0x02, 0x01, 0x02, 0xa1, 0x05, 0x30, 0x03, 0x1b, 0x01,
	    'k', 0xa3, 0x0c, 0x30, 0x0a, 0xa0, 0x03, 0x02, 0x01, 0x12, 0xa2,
	    0x03, 0x04, 0x01, 0x00};
	static uint8_t key[32] = {1, 2, 3};

	memset(ret, 0, sizeof(*ret));
	if (krb5_parse_name(ctx, "me@R", &ret->client) != 0 ||
	    krb5_parse_name(ctx, MADE_UP_SERVICE, &ret->server) != 0)
		abort();
	ret->keyblock =
	    (krb5_keyblock){.enctype = ENCTYPE_AES256_CTS_HMAC_SHA1_96,
		.length = sizeof(key),
		.contents = key};
	ret->ticket =
	    (krb5_data){.length = sizeof(ticket), .data = (char *)ticket};
	ret->times.endtime = INT32_MAX;
}
#endif
