/* Keys of versions and addresses: see query_key.h. */
#include <arpa/inet.h>
#include <stdint.h>
#include <string.h>

#include "query_key.h"
#include "str.h"

/* --- versions: of each number how many digits it has, and the digits --- */

#define NUMBERS_MAX 6
#define DIGITS_MAX 9
_Static_assert(NUMBERS_MAX *(DIGITS_MAX + 1) < QUERY_KEY_SIZE, "they fit");

static bool
is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* One number at *at, which is moved behind it; the length of its key, 0: none.
 */
static size_t
number_key(const char **at, char *out)
{
	size_t digits = 0;

	if (!is_digit(**at))
		return 0;
	while (**at == '0' && is_digit((*at)[1]))
		++*at;
	while (is_digit((*at)[digits]))
		digits++;
	if (digits > DIGITS_MAX)
		return 0;
	out[0] = (char)('0' + digits);
	memcpy(out + 1, *at, digits);
	*at += digits;
	return digits + 1;
}

int
query_version_key(const char *version, char out[QUERY_KEY_SIZE])
{
	char key[QUERY_KEY_SIZE];
	size_t len = 0, counts = 0, n, i;
	const char *at = version;

	if (version == NULL)
		return -1;
	at += strspn(at, " ");
	for (i = 0; i < NUMBERS_MAX; i++) {
		n = number_key(&at, key + len);
		if (n == 0)
			return -1;
		if (i == 0 || n > 2 || key[len + 1] != '0')
			counts = len + n;
		len += n;
		if (*at != '.')
			break;
		at++;
	}
	at += strspn(at, " ");
	if (*at != '\0')
		return -1;
	memcpy(out, key, counts);
	out[counts] = '\0';
	return 0;
}

/* --- addresses: 32 hex digits --- */

#define BYTES 16
#define V4_AT 12 /* where an IPv4 address stands in its IPv6 one */
_Static_assert(2 * BYTES < QUERY_KEY_SIZE, "it fits");

/* *ret_v4: it was said as one of IPv4. */
static int
address_bytes(const char *text, uint8_t out[BYTES], bool *ret_v4)
{
	static const uint8_t mapped[V4_AT] = {[10] = 0xff, [11] = 0xff};

	*ret_v4 = inet_pton(AF_INET, text, out + V4_AT) == 1;
	if (!*ret_v4)
		return inet_pton(AF_INET6, text, out) == 1 ? 0 : -1;
	memcpy(out, mapped, V4_AT);
	return 0;
}

int
query_address_key(const char *address, char out[QUERY_KEY_SIZE])
{
	uint8_t bytes[BYTES];
	bool v4;

	if (address == NULL || address_bytes(address, bytes, &v4) == -1)
		return -1;
	str_hex(bytes, BYTES, out);
	return 0;
}

/* Bits of a mask: "16", or "255.255.0.0" of an IPv4 one; all that are set stand
 * in front. */
static int
mask_bits(const char *mask, bool v4, int64_t *ret)
{
	int64_t most = v4 ? 32 : 128;
	uint32_t word;

	if (str_int(mask, 0, most, ret) == 0) {
		*ret += 128 - most;
		return 0;
	}
	if (!v4 || inet_pton(AF_INET, mask, &word) != 1)
		return -1;
	word = ntohl(word);
	if ((~word & (~word + 1)) != 0)
		return -1;
	for (*ret = 96; word != 0; word <<= 1)
		++*ret;
	return 0;
}

static int
subnet_parts(const char *subnet, const char *mask, uint8_t bytes[BYTES],
    int64_t *ret_bits)
{
	const char *slash = strchr(subnet, '/');
	size_t len = slash != NULL ? (size_t)(slash - subnet) : strlen(subnet);
	char address[INET6_ADDRSTRLEN];
	bool v4;

	if (len >= sizeof(address) || (slash != NULL && mask != NULL))
		return -1;
	memcpy(address, subnet, len);
	address[len] = '\0';
	if (address_bytes(address, bytes, &v4) == -1)
		return -1;
	*ret_bits = 128;
	if (slash != NULL)
		mask = slash + 1;
	return mask == NULL ? 0 : mask_bits(mask, v4, ret_bits);
}

int
query_subnet_keys(const char *subnet, const char *mask,
    char first[QUERY_KEY_SIZE], char last[QUERY_KEY_SIZE])
{
	uint8_t low[BYTES], high[BYTES], within;
	int64_t bits, i;

	if (subnet == NULL || subnet_parts(subnet, mask, low, &bits) == -1)
		return -1;
	for (i = 0; i < BYTES; i++) {
		within = bits >= 8 * (i + 1) ? 0
		    : bits <= 8 * i
		    ? 0xff
		    : (uint8_t)(0xffu >> (unsigned)(bits - 8 * i));
		high[i] = low[i] | within;
		low[i] = (uint8_t)(low[i] & ~(unsigned)within);
	}
	str_hex(low, BYTES, first);
	str_hex(high, BYTES, last);
	return 0;
}
