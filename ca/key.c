/*
 * RSA keys that look right and are not.  Firmware has made such keys before
 * (ROCA, CVE-2017-15361; close primes, CVE-2022-26320), so a device's word for
 * its own key is not enough.
 */
#include <assert.h>
#include <openssl/bn.h>
#include <stdint.h>
#include <string.h>

#include "csr_internal.h"

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

/* The odd primes below 752. */
static const uint16_t small_primes[] = {
    3,
    5,
    7,
    11,
    13,
    17,
    19,
    23,
    29,
    31,
    37,
    41,
    43,
    47,
    53,
    59,
    61,
    67,
    71,
    73,
    79,
    83,
    89,
    97,
    101,
    103,
    107,
    109,
    113,
    127,
    131,
    137,
    139,
    149,
    151,
    157,
    163,
    167,
    173,
    179,
    181,
    191,
    193,
    197,
    199,
    211,
    223,
    227,
    229,
    233,
    239,
    241,
    251,
    257,
    263,
    269,
    271,
    277,
    281,
    283,
    293,
    307,
    311,
    313,
    317,
    331,
    337,
    347,
    349,
    353,
    359,
    367,
    373,
    379,
    383,
    389,
    397,
    401,
    409,
    419,
    421,
    431,
    433,
    439,
    443,
    449,
    457,
    461,
    463,
    467,
    479,
    487,
    491,
    499,
    503,
    509,
    521,
    523,
    541,
    547,
    557,
    563,
    569,
    571,
    577,
    587,
    593,
    599,
    601,
    607,
    613,
    617,
    619,
    631,
    641,
    643,
    647,
    653,
    659,
    661,
    673,
    677,
    683,
    691,
    701,
    709,
    719,
    727,
    733,
    739,
    743,
    751,
};
#define SMALL_PRIMES (sizeof(small_primes) / sizeof(small_primes[0]))

/* As many of the primes as a 32-bit word holds the product of, from the first
 * on: one long division tries them all. Their count, and the product. */
static size_t
take_primes(const uint16_t *first, const uint16_t *end, BN_ULONG *ret_product)
{
	const uint16_t *p = first;
	BN_ULONG product = 1;

	while (p < end && product * *p <= UINT32_MAX)
		product *= *p++;
	*ret_product = product;
	return (size_t)(p - first);
}

unsigned
ca_key_small_factor(struct ca_span n)
{
	const uint16_t *p = small_primes, *end = p + SMALL_PRIMES;
	BIGNUM *bn = number(n);
	BN_ULONG product, rest;
	unsigned factor = BN_is_odd(bn) ? 0 : 2;
	size_t count, i;

	for (; factor == 0 && p < end; p += count) {
		count = take_primes(p, end, &product);
		rest = BN_mod_word(bn, product);
		for (i = 0; i < count && factor == 0; i++)
			if (rest % p[i] == 0)
				factor = p[i];
	}
	BN_free(bn);
	return factor;
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

/* At least sqrt(n), and little more. */
static BN_ULONG
word_root(BN_ULONG n)
{
	BN_ULONG root = UINT32_MAX, next = (root + n / root) / 2 + 1;

	while (next < root) {
		root = next;
		next = (root + n / root) / 2 + 1;
	}
	return root + 1;
}

/* Where Newton's method begins: the root of the first word, so that each turn
 * doubles 31 good bits. n = w * 2^shift + less, shift even. */
static int
first_root(BIGNUM *root, const BIGNUM *n)
{
	int shift = BN_num_bits(n) - 62;

	if (shift <= 0)
		return BN_set_word(root, word_root(BN_get_word(n)));
	shift += shift & 1;
	return BN_rshift(root, n, shift) &&
	    BN_set_word(root, word_root(BN_get_word(root) + 1)) &&
	    BN_lshift(root, root, shift / 2);
}

/* floor(sqrt(n)) by Newton's method from above. */
static void
root_of(BIGNUM *root, const BIGNUM *n, BN_CTX *ctx)
{
	BIGNUM *next;
	int ok;

	BN_CTX_start(ctx);
	next = BN_CTX_get(ctx);
	ok = next != NULL && first_root(next, n);
	do {
		ok = ok && BN_copy(root, next) != NULL &&
		    BN_div(next, NULL, n, root, ctx) &&
		    BN_add(next, next, root) && BN_rshift1(next, next);
	} while (ok && BN_cmp(next, root) < 0);
	assert(ok);
	(void)ok;
	BN_CTX_end(ctx);
}

/* n = root^2? */
static bool
is_root(const BIGNUM *root, const BIGNUM *n, BN_CTX *ctx)
{
	BIGNUM *square;
	bool same;
	int ok;

	BN_CTX_start(ctx);
	square = BN_CTX_get(ctx);
	ok = square != NULL && BN_sqr(square, root, ctx);
	assert(ok);
	(void)ok;
	same = BN_cmp(square, n) == 0;
	BN_CTX_end(ctx);
	return same;
}

/* Numbers modulo which about half of all are squares or fewer, and the product
 * of them, which fits a word with room for a sum. */
static const BN_ULONG sieve[] = {64, 63, 65, 11, 17, 19, 23, 29, 31};
#define SIEVE (sizeof(sieve) / sizeof(sieve[0]))

/* squares[i][r]: r is a square modulo sieve[i]. */
static void
fill_sieve(bool squares[SIEVE][65])
{
	BN_ULONG k;
	size_t i;

	memset(squares, 0, SIEVE * sizeof(squares[0]));
	for (i = 0; i < SIEVE; i++)
		for (k = 0; k <= sieve[i] / 2; k++)
			squares[i][k * k % sieve[i]] = true;
}

/* Is (a + add)^2 - n a square modulo all of the sieve? */
static bool
passes(bool squares[SIEVE][65], const BN_ULONG a[SIEVE],
    const BN_ULONG n[SIEVE], BN_ULONG add)
{
	BN_ULONG sum, m;
	size_t i;

	for (i = 0; i < SIEVE; i++) {
		m = sieve[i];
		sum = a[i] + add;
		if (!squares[i][(sum * sum + m - n[i]) % m])
			return false;
	}
	return true;
}

/* Is (a + add)^2 - n a square? */
static bool
splits(const BIGNUM *a, const BIGNUM *n, BN_ULONG add, BN_CTX *ctx)
{
	BIGNUM *rest, *root;
	bool square;
	int ok;

	BN_CTX_start(ctx);
	rest = BN_CTX_get(ctx);
	root = BN_CTX_get(ctx);
	ok = root != NULL && BN_copy(rest, a) != NULL &&
	    BN_add_word(rest, add) && BN_sqr(rest, rest, ctx) &&
	    BN_sub(rest, rest, n);
	assert(ok);
	(void)ok;
	root_of(root, rest, ctx);
	square = is_root(root, rest, ctx);
	BN_CTX_end(ctx);
	return square;
}

/* Fermat: n = a^2 - b^2 with a just above the root when p and q are close. Few
 * numbers are squares modulo all of the sieve, so few need the long way. */
const char *
ca_key_close_primes(struct ca_span n)
{
	BIGNUM *bn = number(n), *root = BN_new();
	BN_ULONG of_n[SIEVE], of_root[SIEVE], add;
	bool squares[SIEVE][65], found;
	BN_CTX *ctx = BN_CTX_new();
	size_t i;

	assert(root != NULL && ctx != NULL);
	root_of(root, bn, ctx);
	for (i = 0; i < SIEVE; i++) {
		of_n[i] = BN_mod_word(bn, sieve[i]);
		of_root[i] = BN_mod_word(root, sieve[i]);
	}
	fill_sieve(squares);
	found = is_root(root, bn, ctx); /* p = q */
	for (add = 1; !found && add <= FERMAT_ROUNDS; add++)
		found = passes(squares, of_root, of_n, add) &&
		    splits(root, bn, add, ctx);
	BN_CTX_free(ctx);
	BN_free(root);
	BN_free(bn);
	return found ? "modulus is a product of primes too close to each other"
		     : NULL;
}
