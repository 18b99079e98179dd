#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "buf.h"
#include "err.h"
#include "sid_internal.h"
#include "str.h"

/*
 * A security identifier (MS-DTYP 2.4.2): revision, count of sub-authorities,
 * six bytes of authority, big endian, then the sub-authorities, little endian.
 */
#define HEADER 8
#define MAX_SUBS ((SID_MAX_BYTES - HEADER) / 4)

int
sid_to_text(const uint8_t *bytes, size_t len, char *out, size_t size)
{
	uint64_t authority = 0;
	const uint8_t *sub;
	struct buf text;
	uint32_t value;
	size_t i;
	int rc;

	if (len < HEADER || len > SID_MAX_BYTES || bytes[0] != 1 ||
	    len != HEADER + 4 * (size_t)bytes[1])
		return -1;
	for (i = 2; i < HEADER; i++)
		authority = authority << 8 | bytes[i];
	buf_init(&text, size - 1);
	buf_printf(&text, "S-1-%" PRIu64, authority);
	for (i = 0; i < bytes[1]; i++) {
		sub = bytes + HEADER + 4 * i;
		value = (uint32_t)sub[0] | (uint32_t)sub[1] << 8 |
		    (uint32_t)sub[2] << 16 | (uint32_t)sub[3] << 24;
		buf_printf(&text, "-%" PRIu32, value);
	}
	rc = text.over ? -1 : 0;
	if (rc == 0)
		memcpy(out, text.data, text.len + 1);
	buf_free(&text);
	return rc;
}

/* Digits up to '-' or the end, at most max; moves on behind the '-'. */
static int
next_number(const char **text, uint64_t max, uint64_t *ret)
{
	const char *at = *text;
	uint64_t value = 0;

	if (*at < '0' || *at > '9')
		return -1;
	for (; *at >= '0' && *at <= '9'; at++) {
		value = value * 10 + (uint64_t)(*at - '0');
		if (value > max)
			return -1;
	}
	if (*at != '\0' && (*at != '-' || at[1] == '\0'))
		return -1;
	*text = *at == '-' ? at + 1 : at;
	*ret = value;
	return 0;
}

int
sid_from_text(const char *text, uint8_t out[SID_MAX_BYTES], size_t *ret_len)
{
	uint64_t value;
	size_t subs = 0, i;

	if (!str_starts(text, "S-1-"))
		return -1;
	text += 4;
	if (next_number(&text, (UINT64_C(1) << 48) - 1, &value) != 0)
		return -1;
	for (i = 0; i < 6; i++)
		out[HEADER - 1 - i] = (uint8_t)(value >> (8 * i));
	for (; *text != '\0'; subs++) {
		if (subs == MAX_SUBS ||
		    next_number(&text, UINT32_MAX, &value) != 0)
			return -1;
		for (i = 0; i < 4; i++)
			out[HEADER + 4 * subs + i] =
			    (uint8_t)(value >> (8 * i));
	}
	out[0] = 1;
	out[1] = (uint8_t)subs;
	*ret_len = HEADER + 4 * subs;
	return subs > 0 ? 0 : -1;
}

int
realms_mask(const char *text, uint64_t *ret)
{
	uint64_t mask = 0;
	char *end;
	unsigned long realm;

	while (*text != '\0') {
		if (*text < '0' || *text > '9')
			return -1;
		realm = strtoul(text, &end, 10);
		if (realm > 63 || (*end != '\0' && *end != ','))
			return -1;
		mask |= UINT64_C(1) << realm;
		if (*end == ',' && end[1] == '\0')
			return -1;
		text = *end == ',' ? end + 1 : end;
	}
	*ret = mask;
	return 0;
}

int
realms_text(uint64_t mask, char *out, size_t size)
{
	size_t used = 0;
	int realm;

	out[0] = '\0';
	for (realm = 0; realm < 64; realm++) {
		if ((mask >> realm & 1) == 0)
			continue;
		used += (size_t)snprintf(out + used, size - used, "%s%d",
		    used == 0 ? "" : ",", realm);
		if (used >= size)
			return -1;
	}
	return 0;
}
