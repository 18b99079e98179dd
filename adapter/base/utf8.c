#include "utf8.h"

/* How many bytes follow the first; -1 when no character begins with it. The
 * first of them lies between low and high, the others between 80 and BF. */
static int
followers(uint8_t first, uint8_t *ret_low, uint8_t *ret_high)
{
	*ret_low = first == 0xe0 ? 0xa0 : first == 0xf0 ? 0x90 : 0x80;
	*ret_high = first == 0xed ? 0x9f : first == 0xf4 ? 0x8f : 0xbf;
	if (first < 0x80)
		return 0;
	if (first >= 0xc2 && first <= 0xdf)
		return 1;
	if (first >= 0xe0 && first <= 0xef)
		return 2;
	return first >= 0xf0 && first <= 0xf4 ? 3 : -1;
}

size_t
utf8_next(const void *text, size_t len, uint32_t *ret_point)
{
	static const uint8_t bits[] = {0x7f, 0x1f, 0x0f, 0x07};
	const uint8_t *bytes = text;
	uint8_t low, high;
	uint32_t point;
	int i, more;

	if (len == 0)
		return 0;
	more = followers(bytes[0], &low, &high);
	if (more < 0 || (size_t)more >= len)
		return 0;
	point = bytes[0] & bits[more];
	for (i = 1; i <= more; i++) {
		if (bytes[i] < low || bytes[i] > high)
			return 0;
		point = point << 6 | (bytes[i] & 0x3f);
		low = 0x80;
		high = 0xbf;
	}
	*ret_point = point;
	return (size_t)more + 1;
}

/* In order; Unicode's categories Cc, Cf, Zl and Zp, variation selectors,
 * fillers and the noncharacters that are not the last two of a plane. */
static const struct {
	uint32_t first, last;
} unseen[] = {{0x00, 0x1f}, {0x7f, 0x9f}, {0xad, 0xad}, {0x34f, 0x34f},
    {0x600, 0x605}, {0x61c, 0x61c}, {0x6dd, 0x6dd}, {0x70f, 0x70f},
    {0x890, 0x891}, {0x8e2, 0x8e2}, {0x115f, 0x1160}, {0x17b4, 0x17b5},
    {0x180b, 0x180f}, {0x200b, 0x200f}, {0x2028, 0x202e}, {0x2060, 0x206f},
    {0x3164, 0x3164}, {0xfdd0, 0xfdef}, {0xfe00, 0xfe0f}, {0xfeff, 0xfeff},
    {0xffa0, 0xffa0}, {0xfff0, 0xfffb}, {0x110bd, 0x110bd}, {0x110cd, 0x110cd},
    {0x13430, 0x1343f}, {0x1bca0, 0x1bca3}, {0x1d173, 0x1d17a},
    {0xe0000, 0xe0fff}};

bool
utf8_visible(uint32_t point)
{
	size_t i;

	if ((point & 0xfffe) == 0xfffe || point > 0x10ffff)
		return false;
	for (i = 0; i < sizeof(unseen) / sizeof(unseen[0]); i++)
		if (point <= unseen[i].last)
			return point < unseen[i].first;
	return true;
}
