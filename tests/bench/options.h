#ifndef OPTIONS_H_
#define OPTIONS_H_
#include <stdbool.h>
#include <stdint.h>

/* What to visit, and how: the same words for all benches. */
struct bench_options {
	uint32_t first; /* IPv4 address of the first device, host order */
	uint16_t port;
	bool tls;
	bool keep; /* a second, measured round with what the first left */
	unsigned devices;
	unsigned at_once;
	unsigned exchanges; /* authenticated, per visit */
	unsigned
	    connections; /* they are spread over; the probe's not counted */
	unsigned rounds; /* over all devices, measured */
	const char *requests; /* file of envelopes, or NULL */
	const char *script;   /* see script.h, or NULL: exchanges */
	const char *issuer;   /* a certificate per visit by this key, or NULL */
	const char *user, *password;
};

/* Usage on stderr and exit(2) for what is not understood. */
void bench_options_read(struct bench_options *options, int argc, char *argv[]);
void bench_address(
    const struct bench_options *options, unsigned device, char out[16]);

/* Between start and print: one line on stdout. */
struct bench_span {
	double wall, cpu;
};
void bench_start(struct bench_span *span);
void bench_print(const struct bench_span *span, const char *name,
    const struct bench_options *options, unsigned failed);
#endif
