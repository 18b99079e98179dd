#ifndef SID_INTERNAL_H_
#define SID_INTERNAL_H_
#include <stddef.h>
#include <stdint.h>

#define SID_MAX_BYTES 28 /* that firmware stores */

/* "S-1-5-21-..." and back; -1 when malformed or too long. */
int sid_to_text(const uint8_t *bytes, size_t len, char *out, size_t size);
int sid_from_text(
    const char *text, uint8_t out[SID_MAX_BYTES], size_t *ret_len);

/* "2,3,5" as a bit per realm number, and back, sorted. */
int realms_mask(const char *text, uint64_t *ret);
int realms_text(uint64_t mask, char *out, size_t size);
#endif
