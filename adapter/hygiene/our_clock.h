#ifndef OUR_CLOCK_H_
#define OUR_CLOCK_H_
#include <stdint.h>

struct buf;
struct conf;
struct daemon;
struct err;
struct survey;

/* Our own clock against the domain's: devices are set from it. */

/* Own clock against the KDC's, when a directory is configured: ERR_REFUSED when
 * off by more than conf->clock_limit. Blocking; before a run. */
int our_clock_check(struct daemon *d, int64_t *ret_offset_ms, struct err *err);

/* Is the KDC's clock, this far from ours, near enough? ERR_REFUSED. */
int our_clock_judge(
    const struct conf *conf, int64_t offset_ms, struct err *err);

/* With what all controllers say, *err tells who is wrong, where that can be
 * told.
 */
void our_clock_blame(const struct conf *conf, const struct survey *s,
    int64_t offset_ms, struct err *err);
/* What a clock that is off by this is not good for, words by commas, appended.
 */
void our_clock_spoils(
    const struct daemon *d, int64_t offset_ms, struct buf *ret_uses);
#endif
