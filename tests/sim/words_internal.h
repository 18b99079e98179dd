#ifndef WORDS_INTERNAL_H_
#define WORDS_INTERNAL_H_
#include <stddef.h>
#include <stdint.h>

/*
 * Small words of the transport half: memory that cannot fail, growing text,
 * hex and base64, and dice.  Everything random in the simulator comes from
 * dice, so that a run can be repeated from its seed; nothing here is fit to
 * protect anything.
 */
/* A line on stderr for whoever runs the simulator. */
void sim_say(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

void *must_calloc(size_t count, size_t size);
char *must_strdup(const char *s);

struct text {
	char *data; /* NUL after len once anything was added */
	size_t len, size;
};

void text_add(struct text *t, const void *data, size_t len);
void text_adds(struct text *t, const char *s);
void text_addf(struct text *t, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));
/* The string as JSON, in quotes. */
void text_json(struct text *t, const char *s);
void text_hex(struct text *t, const void *data, size_t len);
void text_base64(struct text *t, const void *data, size_t len);
/* Drops len bytes at the front. */
void text_drop(struct text *t, size_t len);
void text_free(struct text *t);

/* Exactly len bytes from exactly 2 * len digits; 0 or -1. */
int unhex(const char *hex, void *ret, size_t len);
/* Strict base64; 0 and *ret_len (at most max), or -1. */
int unbase64(const char *s, uint8_t *ret, size_t max, size_t *ret_len);
/* The next word of a line that is cut up where it stands, or NULL. */
char *word_next(char **rest);
/* A whole number from min to max and nothing else; 0 or -1. */
int number(const char *s, int64_t min, int64_t max, int64_t *ret);

struct dice {
	uint64_t state;
};

/* Dice of their own for each purpose and device of one seed. */
struct dice dice_new(uint64_t seed, uint64_t purpose, uint64_t index);
uint64_t dice_next(struct dice *d);
uint32_t dice_below(struct dice *d, uint32_t limit);
void dice_bytes(struct dice *d, void *ret, size_t len);
#endif
