#ifndef CHAIN_H_
#define CHAIN_H_
#include <openssl/types.h>
#include <stdint.h>

/* How a chain that others made is verified: at this time; of at least 112 bits
 * throughout (no SHA-1, no RSA below 2048); and where it demands certificate
 * policies (RFC 5280, 4.2.1.11), with one, whichever. */
void ca_chain_rules(X509_VERIFY_PARAM *param, int64_t now);
#endif
