#include "ca_keys.h"

#include "ca.h"
#include "cli.h"
#include "command_rows.h"
#include "rollover.h"
#include "secret.h"

#define DEFAULT_ORGANISATION "amtkeeper"

const struct cli_option key_options[] = {
    {"key", 0, CLI_TEXT, "URI", NULL,
	"the issuing key: pkcs11:..., handle:0x... or file:/... (a new one)"},
    {"pin-file", 0, CLI_FILE, "FILE", NULL,
	"its PIN, on the first line; kept sealed"},
    END};
const struct cli_option root_key_options[] = {
    {"root-key", 0, CLI_TEXT, "URI", NULL,
	"the root's key, likewise (a new one, sealed)"},
    {"root-pin-file", 0, CLI_FILE, "FILE", NULL,
	"its PIN, on the first line; kept sealed"},
    END};

/* A place of a key by two options. */
static int
take_place(struct cli *c, const char *uri, const char *pin,
    struct ca_key_place *ret, struct secret **ret_pin)
{
	*ret = (struct ca_key_place){.uri = cli_text(c, uri)};
	if (cli_text(c, pin) == NULL)
		return CODE_OK;
	if (ret->uri == NULL)
		return cli_complain(
		    CODE_USAGE, "--%s is for the token of --%s", pin, uri);
	*ret_pin = cli_secret(c, pin, NULL);
	ret->pin = *ret_pin;
	return *ret_pin != NULL ? CODE_OK : CODE_INPUT;
}

int
key_option_issuing(
    struct cli *c, struct ca_key_place *ret, struct key_pins *ret_pins)
{
	return take_place(c, "key", "pin-file", ret, &ret_pins->key);
}

int
key_option_root(
    struct cli *c, struct ca_key_place *ret, struct key_pins *ret_pins)
{
	return take_place(c, "root-key", "root-pin-file", ret, &ret_pins->root);
}

void
key_pins_free(struct key_pins *pins)
{
	secret_free(pins->key);
	secret_free(pins->root);
	*pins = (struct key_pins){.key = NULL};
}

int
key_option_new(struct cli *c, struct ca_new *ret, struct key_pins *ret_pins)
{
	const char *organisation = cli_text(c, "organisation");
	int code;

	*ret = (struct ca_new){.organisation = organisation != NULL
		? organisation
		: DEFAULT_ORGANISATION};
	if (cli_flag(c, "offline-root") && cli_text(c, "root-key") != NULL)
		return cli_complain(CODE_USAGE,
		    "with --offline-root there is no root key here: leave out "
		    "--root-key");
	code = key_option_issuing(c, &ret->key, ret_pins);
	return code == CODE_OK ? key_option_root(c, &ret->root_key, ret_pins)
			       : code;
}
