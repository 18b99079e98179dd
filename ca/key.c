/*
 * RSA keys that look right and are not.  Firmware has made such keys before
 * (ROCA, CVE-2017-15361; close primes, CVE-2022-26320), so a device's word for
 * its own key is not enough.
 */
#include <assert.h>
#include <openssl/bn.h>

#include "csr_internal.h"

#define SMALL_FACTOR_END 752
#define FERMAT_ROUNDS 110

unsigned
ca_key_bits(struct ca_span n)
{
	unsigned bits, top;

	if (n.len == 0 || n.len > CA_CSR_MAX)
		return 0;
	bits = (unsigned)(n.len - 1) * 8;
	for (top = n.p[0]; top != 0; top >>= 1)
		bits++;
	return bits;
}

static BIGNUM *
number(struct ca_span n)
{
	BIGNUM *bn;

	assert(n.len > 0 && n.len <= CA_CSR_MAX);
	bn = BN_bin2bn(n.p, (int)n.len, NULL);
	assert(bn != NULL);
	return bn;
}

/* Odd numbers below 752 are tried in products of three, which fit a 32-bit
 * word: one long division for three trials. Composite ones do no harm. */
const char *
ca_key_small_factor(struct ca_span n)
{
	BIGNUM *bn = number(n);
	BN_ULONG d, rest;
	const char *why = NULL;

	if (!BN_is_odd(bn))
		why = "modulus is even";
	for (d = 3; why == NULL && d < SMALL_FACTOR_END; d += 6) {
		rest = BN_mod_word(bn, d * (d + 2) * (d + 4));
		if (rest % d == 0 || rest % (d + 2) == 0 || rest % (d + 4) == 0)
			why = "modulus has a factor below 752";
	}
	BN_free(bn);
	return why;
}

/* Is rest a power of 65537 modulo p? */
static bool
in_group(BN_ULONG rest, BN_ULONG p)
{
	BN_ULONG power = 1;

	do {
		if (power == rest)
			return true;
		power = power * 65537 % p;
	} while (power != 1);
	return false;
}

/* The primes of the flawed library are k*M + (65537^a mod M), M a product of
 * small primes, so modulo each of those the modulus is a power of 65537 too.
 * Only primes where that group is small tell much. */
const char *
ca_key_roca(struct ca_span n)
{
	static const BN_ULONG primes[] = {11, 13, 17, 19, 37, 53, 61, 71, 73,
	    79, 97, 103, 107, 109, 127, 151, 157};
	BIGNUM *bn = number(n);
	bool marked = true;
	size_t i;

	for (i = 0; marked && i < sizeof(primes) / sizeof(primes[0]); i++)
		marked = in_group(BN_mod_word(bn, primes[i]), primes[i]);
	BN_free(bn);
	return marked ? "modulus has the ROCA fingerprint (CVE-2017-15361)"
		      : NULL;
}

/* floor(sqrt(n)) by Newton's method from above. */
static void
root_of(BIGNUM *root, const BIGNUM *n, BN_CTX *ctx)
{
	BIGNUM *next;
	int ok;

	BN_CTX_start(ctx);
	next = BN_CTX_get(ctx);
	ok = next != NULL && BN_one(next) &&
	    BN_lshift(next, next, (BN_num_bits(n) + 1) / 2);
	do {
		ok = ok && BN_copy(root, next) != NULL &&
		    BN_div(next, NULL, n, root, ctx) &&
		    BN_add(next, next, root) && BN_rshift1(next, next);
	} while (ok && BN_cmp(next, root) < 0);
	assert(ok);
	(void)ok;
	BN_CTX_end(ctx);
}

static bool
square_mod(BN_ULONG rest, BN_ULONG m)
{
	BN_ULONG i;

	rest %= m;
	for (i = 0; i <= m / 2; i++)
		if (i * i % m == rest)
			return true;
	return false;
}

/* Few numbers are squares modulo all four, so few need the long way. */
static bool
is_square(const BIGNUM *n, BN_CTX *ctx)
{
	BN_ULONG rest = BN_mod_word(n, 64UL * 63 * 65 * 11);
	BIGNUM *root;
	bool square;
	int ok;

	if (!square_mod(rest, 64) || !square_mod(rest, 63) ||
	    !square_mod(rest, 65) || !square_mod(rest, 11))
		return false;
	BN_CTX_start(ctx);
	root = BN_CTX_get(ctx);
	assert(root != NULL);
	root_of(root, n, ctx);
	ok = BN_sqr(root, root, ctx);
	assert(ok);
	(void)ok;
	square = BN_cmp(root, n) == 0;
	BN_CTX_end(ctx);
	return square;
}

/* Fermat: n = a^2 - b^2 with a just above the root when p and q are close. */
const char *
ca_key_close_primes(struct ca_span n)
{
	BIGNUM *bn = number(n), *a = BN_new(), *rest = BN_new();
	BN_CTX *ctx = BN_CTX_new();
	bool found = false;
	int i, ok;

	assert(a != NULL && rest != NULL && ctx != NULL);
	root_of(a, bn, ctx);
	ok = BN_sqr(rest, a, ctx);
	if (ok && BN_cmp(rest, bn) == 0)
		found = true; /* p = q */
	ok = ok && BN_add_word(a, 1) && BN_sqr(rest, a, ctx) &&
	    BN_sub(rest, rest, bn);
	for (i = 0; ok && !found && i < FERMAT_ROUNDS; i++) {
		found = is_square(rest, ctx);
		/* (a + 1)^2 - n = (a^2 - n) + 2a + 1 */
		ok = BN_add(rest, rest, a) && BN_add_word(a, 1) &&
		    BN_add(rest, rest, a);
	}
	assert(ok);
	(void)ok;
	BN_CTX_free(ctx);
	BN_free(rest);
	BN_free(a);
	BN_free(bn);
	return found ? "modulus is a product of primes too close to each other"
		     : NULL;
}
