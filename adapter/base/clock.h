#ifndef CLOCK_H_
#define CLOCK_H_
#include <stdint.h>

#define CLOCK_TEXT 48 /* room for any text made here */
#define CLOCK_DAY INT64_C(86400)

/* UTC, unix seconds and milliseconds. */
int64_t clock_now(void);
int64_t clock_now_ms(void);
/* Never goes back; for deadlines and durations only. */
int64_t clock_mono_ms(void);
/* "2026-11-24T10:00:00Z"; "-" for 0. Returns out. */
char *clock_text(int64_t at, char out[CLOCK_TEXT]);
/* "3d 4h", "12m 5s": at most two units; negative with a leading "-". */
char *clock_span(int64_t seconds, char out[CLOCK_TEXT]);
/* RFC 3339 with Z or offset; 0 or -1. */
int clock_parse(const char *text, int64_t *ret_at);
/* "90s" "15m" "36h" "30d" "2w" "1y" (365 d), plain seconds; 0 or -1. */
int clock_parse_span(const char *text, int64_t *ret_seconds);
#endif
