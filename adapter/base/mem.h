#ifndef MEM_H_
#define MEM_H_
#include <stddef.h>

/*
 * Allocation that cannot fail: when memory is gone the process ends with a
 * message.  A crash is cheap here by design (every change is journalled before
 * it is made), while thousands of never-run clean-up paths would not be.  Sizes
 * that come from outside must be bounded before they get here.
 */
void *mem_alloc(size_t size);		    /* zeroed; size > 0 */
void *mem_array(size_t count, size_t size); /* zeroed; overflow ends too */
void *mem_grow(void *old, size_t count, size_t size); /* not zeroed */
char *mem_dup(const char *text);		      /* NULL gives NULL */
char *mem_dup_len(const char *text, size_t len);
void *mem_copy(const void *bytes, size_t len); /* NULL when len is 0 */
char *mem_printf(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
/* Give freed memory back to the system, some milliseconds: for when many of a
 * kind went away at once. */
void mem_release(void);
/* Free *slot and put a copy of text (may be NULL) there. */
void mem_replace(char **slot, const char *text);
#endif
