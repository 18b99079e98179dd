#ifndef FIRMWARE_H_
#define FIRMWARE_H_
#include "sim.h"

/*
 * What a test may ask of the simulated firmware beyond sim.h.  The options
 * belong to one device, are volatile, and start from the environment variable
 * SIM_FIRMWARE ("chaos,split=1,writes=20"): name or name=number, by comma.
 */
struct sim_options {
	bool chaos;	  /* other namespace prefixes in every answer */
	bool client_mode; /* client control mode (CCM) instead of ACM */
	bool no_lms;	  /* no LMS on the host: static IP sync loses the IP */
	int lan;   /* 0: wired and WLAN, 1: WLAN only, 2: wired port empty */
	int split; /* items in one Pull at most, 0: all */
	bool hold_roots; /* an 802.1x profile names its trusted roots, too */
	int max_keys, max_certs; /* up to SIM_MAX_KEYS, SIM_MAX_CERTS */
	int max_roots;		 /* of the certificates */
	int writes;		 /* flash writes in one hour */
	int busy_keys;		 /* the next N GenerateKeyPair answer 2061 */
};

/* The device's options, to read and change. Lives until the next boot. */
struct sim_options *sim_firmware_options(struct sim_device *d);

/* The i-th TrustedCN of AMT_TLSSettingData, or NULL after the last. */
const char *sim_trusted_cn(const struct sim_device *d, size_t i);

/* Size of the RSA keys that a device of this version starts with. */
int sim_firmware_bits(int major);

/* Use a pool of RSA keys of 2048 or 3072 bits instead of generating one for
 * each call: fast, but when all were given out devices share keys. Path is
 * "memory", or a file with private keys in PEM; when it has none of that size,
 * n are made and kept there. The environment variable SIM_KEY_POOL does the
 * same when the first key is wanted. 0 or -1. */
int sim_key_pool(const char *path, int bits, size_t n);
/* So many devices share it: each has every so manieth key for its own, which
 * makes its keys the same in every run. */
void sim_key_pool_places(size_t devices);
/* How many of them no device was given yet. */
size_t sim_key_pool_left(int bits);
#endif
