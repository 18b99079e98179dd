#include "csr_spec.h"

#include <openssl/bn.h>
#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

void
csr_version_one(struct csr_spec *s)
{
	s->version = 1;
}

void
csr_exponent_three(struct csr_spec *s)
{
	static BIGNUM *e;

	BN_free(e);
	e = BN_new();
	assert_int_equal(BN_set_word(e, 3), 1);
	s->e = e;
}

/* specifiedCurve in the place of a name; what is in it does not matter. */
void
csr_ec_own_curve(struct csr_spec *s)
{
	static const uint8_t bare[] = {0x30, 0x0e, 0x06, 0x07, 0x2a, 0x86, 0x48,
	    0xce, 0x3d, 0x02, 0x01, 0x30, 0x03, 0x02, 0x01, 0x01};

	s->key = fixture_ec_key("P-384");
	s->key_algorithm = SPAN(bare);
}

void
csr_signature_flipped(struct csr_spec *s)
{
	s->flip = true;
}

void
csr_subject_empty(struct csr_spec *s)
{
	static const uint8_t name[] = {0x30, 0x00};

	s->subject = SPAN(name);
}
