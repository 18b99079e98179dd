#include "cli_internal.h"

/* What the process may end with, in words. */
static const struct cli_exit exits[] = {
    {CODE_OK, "ok", "done, or nothing to do"},
    {CODE_FAILED, "failed", "failed for a reason not listed here"},
    {CODE_USAGE, "usage", "the command line is wrong"},
    {CODE_PARTIAL, "partial",
	"some devices failed (diagnose --check: have findings, or were not "
	"read; directory audit: the worst finding is bad)"},
    {CODE_NOTHING, "nothing", "nothing matched"},
    {CODE_REFUSED, "refused", "refused or stopped by a safety rule"},
    {CODE_INTERRUPTED, "interrupted", "stopped by a signal"},
    {CODE_WARNED, "warned",
	"directory audit, krb status: the worst finding is a warning; query: "
	"there are more rows than were written"},
    {CODE_CONFIG, "config", "configuration or profile cannot be used"},
    {CODE_STORE, "store", "vault key or store cannot be used"},
    {CODE_CA, "ca", "the CA cannot be used"},
    {CODE_INPUT, "input", "a file or value given is wrong"},
    {CODE_EXISTS, "exists", "it exists already, or someone else holds it"},
    {CODE_UNREACHABLE, "unreachable", "no connection; nothing was sent"},
    {CODE_DENIED, "denied", "credentials were refused"},
    {CODE_UNTRUSTED, "untrusted", "the peer is not who it should be"},
    {CODE_UNKNOWN, "unknown", "sent, but the answer was lost"},
    {CODE_PROTOCOL, "protocol", "an answer nobody can understand"},
    {CODE_DEVICE_REFUSED, "device-refused",
	"the device refused (SOAP fault "
	"or PT status)"},
};

const struct cli_exit *
cli_exits(size_t *ret_count)
{
	*ret_count = sizeof(exits) / sizeof(exits[0]);
	return exits;
}
