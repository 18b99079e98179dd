#ifndef FILE_H_
#define FILE_H_
#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

struct buf;
struct err;

/* Append the whole file to *out; ERR_NOTFOUND when it is not there, ERR_LIMIT
 * when longer than max. "-" is standard input. */
int file_read(const char *path, size_t max, struct buf *out, struct err *err);
/* The same of a file with secrets: ERR_DENIED when it is a regular file that
 * group or others may read or write. */
int file_read_private(
    const char *path, size_t max, struct buf *out, struct err *err);
/* That rule for an open file; path is for the text. */
int file_check_private(int fd, const char *path, struct err *err);
/* Write beside, fsync, rename, fsync the folder: the old content or the new,
 * never a part. With excl, fails with ERR_CONFLICT when path exists. */
int file_write(const char *path, const void *bytes, size_t len, mode_t mode,
    bool excl, struct err *err);
/* Which file is there now, and in which state: another text after every change
 * and replacement; "" when there is none. */
#define FILE_STAMP 96
void file_stamp(const char *path, char out[FILE_STAMP]);
/* mkdir -p with this mode for what it creates. */
int file_mkdirs(const char *path, mode_t mode, struct err *err);
#endif
