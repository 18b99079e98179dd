/* A file of tzdata: its changes in 64 bits, and the rule behind them. */
#include <stdlib.h>
#include <string.h>

#include "mem.h"
#include "schedule_internal.h"

#define HEAD 44
#define CHANGES_MAX 10000
#define TYPES_MAX 256
#define RULE_MAX 256
#define OFFSET_MAX (26 * 3600)

/* Of one of the two blocks. */
struct head {
	size_t utc, standard, leaps, changes, types, letters;
};

static uint32_t
word_at(const uint8_t *b)
{
	return (uint32_t)b[0] << 24 | (uint32_t)b[1] << 16 |
	    (uint32_t)b[2] << 8 | b[3];
}

static int64_t
long_at(const uint8_t *b)
{
	return (int64_t)((uint64_t)word_at(b) << 32 | word_at(b + 4));
}

static int
read_head(const uint8_t *b, size_t len, struct head *h)
{
	if (len < HEAD || memcmp(b, "TZif", 4) != 0 || b[4] < '2')
		return -1;
	h->utc = word_at(b + 20);
	h->standard = word_at(b + 24);
	h->leaps = word_at(b + 28);
	h->changes = word_at(b + 32);
	h->types = word_at(b + 36);
	h->letters = word_at(b + 40);
	if (h->changes > CHANGES_MAX || h->types > TYPES_MAX || h->types < 1 ||
	    h->leaps > CHANGES_MAX || h->letters > CHANGES_MAX ||
	    h->utc > TYPES_MAX || h->standard > TYPES_MAX)
		return -1;
	return 0;
}

static size_t
block_size(const struct head *h, size_t time_size)
{
	return h->changes * (time_size + 1) + h->types * 6 + h->letters +
	    h->leaps * (time_size + 4) + h->standard + h->utc;
}

/* Changes that leave the offset as it was are left out. */
static int
read_changes(const uint8_t *b, const struct head *h, struct tzif *z)
{
	const uint8_t *kinds = b + h->changes * 8, *types = kinds + h->changes;
	int64_t offset, before;
	size_t i;

	for (i = 0; i < h->types; i++) {
		offset = (int32_t)word_at(types + i * 6);
		if (offset < -OFFSET_MAX || offset > OFFSET_MAX)
			return -1;
	}
	z->first = before = (int32_t)word_at(types);
	z->changes = mem_array(h->changes + 1, sizeof(*z->changes));
	for (i = 0; i < h->changes; i++) {
		if (kinds[i] >= h->types)
			return -1;
		if (i > 0 && long_at(b + i * 8) <= long_at(b + (i - 1) * 8))
			return -1;
		offset = (int32_t)word_at(types + (size_t)kinds[i] * 6);
		if (offset == before)
			continue;
		z->changes[z->count].at = long_at(b + i * 8);
		z->changes[z->count++].offset = before = offset;
	}
	return 0;
}

static int
read_rule(const uint8_t *b, size_t len, struct posix_zone *ret)
{
	const uint8_t *end;
	char text[RULE_MAX];
	size_t size;

	if (len < 2 || b[0] != '\n' ||
	    (end = memchr(b + 1, '\n', len - 1)) == NULL)
		return -1;
	size = (size_t)(end - b) - 1;
	if (size >= RULE_MAX)
		return -1;
	memcpy(text, b + 1, size);
	text[size] = '\0';
	return size == 0 ? 0 : posix_zone_parse(text, ret);
}

int
tzif_parse(const uint8_t *bytes, size_t len, struct tzif *ret)
{
	struct tzif z = {.count = 0};
	struct head h;
	size_t skip, size;

	/* The first block is for readers of 32 bits. */
	if (read_head(bytes, len, &h) != 0)
		return -1;
	skip = HEAD + block_size(&h, 4);
	if (skip > len || read_head(bytes + skip, len - skip, &h) != 0)
		return -1;
	skip += HEAD;
	size = block_size(&h, 8);
	if (size > len - skip || read_changes(bytes + skip, &h, &z) != 0 ||
	    read_rule(bytes + skip + size, len - skip - size, &z.rule) != 0) {
		free(z.changes);
		return -1;
	}
	*ret = z;
	return 0;
}
