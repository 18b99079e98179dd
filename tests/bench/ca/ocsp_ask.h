#ifndef OCSP_ASK_H_
#define OCSP_ASK_H_

struct buf;
struct ca;

/* Append an encoded request for one certificate of the issuing CA's. */
void bench_ocsp_request(struct ca *ca, struct buf *out);
#endif
