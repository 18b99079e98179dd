#include "str.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <errno.h>
#include <openssl/sha.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "buf.h"
#include "mem.h"
#include "secret.h"

#define NAME_MAX_LABEL 63
#define NAME_MAX 253
#define BASE64_CHUNK 192 /* bytes decoded at a time, in threes */

bool
str_eq(const char *a, const char *b)
{
	if (a == NULL || b == NULL)
		return a == b;
	return strcmp(a, b) == 0;
}

bool
str_ieq(const char *a, const char *b)
{
	if (a == NULL || b == NULL)
		return a == b;
	return strcasecmp(a, b) == 0;
}

bool
str_starts(const char *text, const char *prefix)
{
	return strncmp(text, prefix, strlen(prefix)) == 0;
}

bool
str_empty(const char *text)
{
	return text == NULL || *text == '\0';
}

char *
str_lower(char *text)
{
	char *p;

	for (p = text; *p != '\0'; p++)
		if (*p >= 'A' && *p <= 'Z')
			*p = (char)(*p - 'A' + 'a');
	return text;
}

char *
str_upper(char *text)
{
	char *p;

	for (p = text; *p != '\0'; p++)
		if (*p >= 'a' && *p <= 'z')
			*p = (char)(*p - 'a' + 'A');
	return text;
}

int
str_int(const char *text, int64_t min, int64_t max, int64_t *ret)
{
	char *end;
	long long value;

	if (str_empty(text) || isspace((unsigned char)*text))
		return -1;
	errno = 0;
	value = strtoll(text, &end, 10);
	if (errno != 0 || *end != '\0' || value < min || value > max)
		return -1;
	*ret = value;
	return 0;
}

void
str_hex(const uint8_t *bytes, size_t len, char *out)
{
	static const char digits[] = "0123456789abcdef";
	size_t i;

	for (i = 0; i < len; i++) {
		out[2 * i] = digits[bytes[i] >> 4];
		out[2 * i + 1] = digits[bytes[i] & 15];
	}
	out[2 * len] = '\0';
}

static int
hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return -1;
}

int
str_unhex(const char *hex, uint8_t *out, size_t len)
{
	size_t i;
	int high, low;

	if (hex == NULL || strlen(hex) != 2 * len)
		return -1;
	for (i = 0; i < len; i++) {
		high = hex_digit(hex[2 * i]);
		low = hex_digit(hex[2 * i + 1]);
		if (high < 0 || low < 0)
			return -1;
		out[i] = (uint8_t)(high << 4 | low);
	}
	return 0;
}

static const char base64_digits[] =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

void
str_base64(struct buf *out, const uint8_t *bytes, size_t len)
{
	uint32_t group;
	char quad[4];
	size_t i, have;

	for (i = 0; i < len; i += 3) {
		have = len - i < 3 ? len - i : 3;
		group = (uint32_t)bytes[i] << 16;
		if (have > 1)
			group |= (uint32_t)bytes[i + 1] << 8;
		if (have > 2)
			group |= bytes[i + 2];
		quad[0] = base64_digits[group >> 18];
		quad[1] = base64_digits[group >> 12 & 63];
		quad[2] = have > 1 ? base64_digits[group >> 6 & 63] : '=';
		quad[3] = have > 2 ? base64_digits[group & 63] : '=';
		buf_add(out, quad, sizeof(quad));
	}
}

static int
base64_value(char c)
{
	if (c >= 'A' && c <= 'Z')
		return c - 'A';
	if (c >= 'a' && c <= 'z')
		return c - 'a' + 26;
	if (c >= '0' && c <= '9')
		return c - '0' + 52;
	if (c == '+')
		return 62;
	return c == '/' ? 63 : -1;
}

/* RFC 4648 section 4, strictly: whole quads, zero bits under the padding. */
int
str_unbase64(struct buf *out, const char *text)
{
	uint32_t group = 0;
	unsigned have = 0, pad = 0;
	uint8_t bytes[BASE64_CHUNK] = {0};
	size_t before = out->len, used = 0;
	int value;

	for (; *text != '\0'; text++) {
		if (isspace((unsigned char)*text))
			continue;
		value = *text == '=' ? 0 : base64_value(*text);
		if (value < 0 || (pad > 0 && *text != '='))
			goto bad;
		if (*text == '=' && (++pad > 2 || have < 2))
			goto bad;
		group = group << 6 | (uint32_t)value;
		if (++have < 4)
			continue;
		bytes[used] = (uint8_t)(group >> 16);
		bytes[used + 1] = (uint8_t)(group >> 8);
		bytes[used + 2] = (uint8_t)group;
		if ((pad > 0 && bytes[used + 2] != 0) ||
		    (pad > 1 && bytes[used + 1] != 0))
			goto bad;
		used += 3 - pad;
		if (used + 3 > sizeof(bytes)) {
			buf_add(out, bytes, used);
			used = 0;
		}
		group = 0;
		have = 0;
	}
	buf_add(out, bytes, used);
	if (have != 0 || out->over)
		goto bad;
	secret_wipe(bytes, sizeof(bytes));
	return 0;
bad:
	secret_wipe(bytes, sizeof(bytes));
	out->len = before;
	if (out->cap > 0)
		out->data[before] = '\0';
	return -1;
}

int
str_base64_sha256(const char *text, size_t max, char out[65])
{
	struct buf bytes;
	int rc = -1;

	out[0] = '\0';
	buf_init(&bytes, max);
	if (!str_empty(text) && str_unbase64(&bytes, text) == 0) {
		str_sha256_hex(bytes.data, bytes.len, out);
		rc = 0;
	}
	buf_free(&bytes);
	return rc;
}

void
str_printable(struct buf *out, const char *text, size_t len, size_t max)
{
	size_t i, start = out->len;
	unsigned char c;

	for (i = 0; i < len; i++) {
		if (out->len - start >= max) {
			buf_str(out, "...");
			return;
		}
		c = (unsigned char)text[i];
		if (c == '\\' || c < 32 || c > 126)
			buf_printf(out, "\\x%02X", (unsigned)c);
		else
			buf_char(out, (char)c);
	}
}

void
str_quote(struct buf *out, const char *text)
{
	buf_char(out, '\'');
	for (; *text != '\0'; text++) {
		if (*text == '\'')
			buf_str(out, "'\\'");
		buf_char(out, *text);
	}
	buf_char(out, '\'');
}

void
str_split_fqdn(const char *fqdn, char **ret_host, char **ret_domain)
{
	size_t host = strcspn(fqdn, ".");

	*ret_host = mem_dup_len(fqdn, host);
	*ret_domain = mem_dup(fqdn[host] == '.' ? fqdn + host + 1 : "");
}

bool
str_is_fqdn(const char *name)
{
	size_t label = 0;
	const char *p;

	if (str_empty(name) || strlen(name) > NAME_MAX)
		return false;
	for (p = name; *p != '\0'; p++) {
		if (*p == '.') {
			if (label == 0 || p[-1] == '-')
				return false;
			label = 0;
			continue;
		}
		if (!isalnum((unsigned char)*p) && (*p != '-' || label == 0))
			return false;
		if (++label > NAME_MAX_LABEL)
			return false;
	}
	return label > 0 && p[-1] != '-';
}

void
str_sha256(const void *bytes, size_t len, uint8_t out[32])
{
	(void)SHA256(bytes, len, out);
}

int
str_address(const char *text, char ret_host[STR_ADDRESS], uint16_t *ret_port)
{
	const char *colon = strrchr(text, ':');
	bool v6 = text[0] == '[';
	char host[STR_ADDRESS];
	uint8_t bytes[16];
	int64_t port;
	size_t len;

	if (colon == NULL || str_int(colon + 1, 0, UINT16_MAX, &port) != 0)
		return -1;
	len = (size_t)(colon - text);
	if (v6 && (len < 2 || text[len - 1] != ']'))
		return -1;
	text += v6 ? 1 : 0;
	len -= v6 ? 2 : 0;
	if (len >= sizeof(host))
		return -1;
	memcpy(host, text, len);
	host[len] = '\0';
	if (inet_pton(v6 ? AF_INET6 : AF_INET, host, bytes) != 1)
		return -1;
	memcpy(ret_host, host, len + 1);
	*ret_port = (uint16_t)port;
	return 0;
}

void
str_sha256_hex(const void *bytes, size_t len, char out[65])
{
	uint8_t digest[32];

	str_sha256(bytes, len, digest);
	str_hex(digest, sizeof(digest), out);
}

/* --- typing errors --- */

size_t
str_distance(const char *a, const char *b)
{
	size_t row[STR_FAR + 1], i, j, left, corner, best;
	size_t len = strlen(b);

	if (strlen(a) > STR_FAR || len > STR_FAR)
		return STR_FAR;
	for (j = 0; j <= len; j++)
		row[j] = j;
	for (i = 0; a[i] != '\0'; i++) {
		corner = row[0];
		row[0] = i + 1;
		for (j = 0; j < len; j++) {
			left = row[j];
			best = corner + (a[i] == b[j] ? 0 : 1);
			corner = row[j + 1];
			best = corner + 1 < best ? corner + 1 : best;
			row[j + 1] = left + 1 < best ? left + 1 : best;
		}
	}
	return row[len];
}

char *
str_near(const char *word, const char *const *names, size_t count)
{
	size_t limit = strlen(word) / 4 + 1, i, d, found = 0;
	char *lower = str_lower(mem_dup(word)), *list = NULL, *name, *longer;

	/* The nearest first. */
	for (d = 0; d <= limit; d++)
		for (i = 0; i < count && found < 3; i++) {
			name = str_lower(mem_dup(names[i]));
			if (str_distance(lower, name) == d) {
				longer = mem_printf("%s%s%s",
				    list != NULL ? list : "",
				    list != NULL ? ", " : "", names[i]);
				free(list);
				list = longer;
				found++;
			}
			free(name);
		}
	free(lower);
	return list;
}
