#ifndef CA_KEYS_H_
#define CA_KEYS_H_
#include "command.h"

struct ca_key_place;
struct ca_new;
struct cli;
struct secret;

/* Where the keys of a CA are, by options of whatever makes one. */

extern const struct cli_option key_options[];	   /* --key, --pin-file */
extern const struct cli_option root_key_options[]; /* --root-key, ... */

/* PINs that places of keys borrow; zeroed before, freed after those. */
struct key_pins {
	struct secret *key, *root;
};
void key_pins_free(struct key_pins *pins);
/* From key_options. CODE_OK, or an exit code with the complaint printed. */
int key_option_issuing(
    struct cli *c, struct ca_key_place *ret, struct key_pins *ret_pins);
/* From root_key_options. */
int key_option_root(
    struct cli *c, struct ca_key_place *ret, struct key_pins *ret_pins);
/* Both, and --organisation and --offline-root. */
int key_option_new(
    struct cli *c, struct ca_new *ret, struct key_pins *ret_pins);
#endif
