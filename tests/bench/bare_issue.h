#ifndef BARE_ISSUE_H_
#define BARE_ISSUE_H_

/* A certificate as OpenSSL alone makes it: a request parsed, its signature
 * checked, and what it asks for signed. No rules, no record. */
struct bench_issuer;
/* Private keys in PEM: the issuer's, and one like a device's. What cannot be
 * read ends the program. */
struct bench_issuer *bench_issuer_open(const char *path);
void bench_issue(struct bench_issuer *issuer);
void bench_issuer_free(struct bench_issuer *issuer); /* NULL is allowed */
#endif
