/* HRESULTs of certificate services (winerror.h), in words an administrator can
 * act on. */
#include <stdio.h>
#include <string.h>

#include "ces_internal.h"

#define NAME_MAX_LEN 64

static const struct row {
	uint32_t code;
	const char *name;
	enum ca_bridge_outcome outcome;
	const char *text;
} rows[] = {
    {0x80070005, "E_ACCESSDENIED", CA_BRIDGE_MISCONFIGURED,
	"our account may not use this service or its CA"},
    {0x800706ba, "RPC_S_SERVER_UNAVAILABLE", CA_BRIDGE_LIMITED,
	"the service does not reach its CA"},
    {0x80092013, "CRYPT_E_REVOCATION_OFFLINE", CA_BRIDGE_LIMITED,
	"the CA cannot check revocation: is its own CRL published?"},
    {0x800b0101, "CERT_E_EXPIRED", CA_BRIDGE_REJECTED,
	"a certificate of the CA has ended, or clocks differ"},
    {0x80094001, "CERTSRV_E_BAD_REQUESTSUBJECT", CA_BRIDGE_REJECTED,
	"the CA does not take the subject name of the request"},
    {0x80094002, "CERTSRV_E_NO_REQUEST", CA_BRIDGE_UNKNOWN,
	"the CA knows nothing of this request (any more); it is asked anew"},
    {0x80094003, "CERTSRV_E_BAD_REQUESTSTATUS", CA_BRIDGE_REJECTED,
	"the request at the CA can go no further: see it there"},
    {0x80094006, "CERTSRV_E_SERVER_SUSPENDED", CA_BRIDGE_LIMITED,
	"the CA is suspended while its database is restored"},
    {0x8009400f, "CERTSRV_E_NO_DB_SESSIONS", CA_BRIDGE_LIMITED,
	"the CA has too much to do"},
    {0x80094011, "CERTSRV_E_ENROLL_DENIED", CA_BRIDGE_MISCONFIGURED,
	"our account may not request certificates at this CA"},
    {0x80094012, "CERTSRV_E_TEMPLATE_DENIED", CA_BRIDGE_MISCONFIGURED,
	"our account has no right to enroll for this template"},
    {0x80094014, "CERTSRV_E_ADMIN_DENIED_REQUEST", CA_BRIDGE_REJECTED,
	"a certificate manager has denied the request"},
    {0x80094015, "CERTSRV_E_NO_POLICY_SERVER", CA_BRIDGE_LIMITED,
	"the CA does not find its policy: does it reach the directory?"},
    {0x80094016, "CERTSRV_E_WEAK_SIGNATURE_OR_KEY", CA_BRIDGE_REJECTED,
	"the CA wants a stronger key or signature"},
    {0x80094017, "CERTSRV_E_KEY_ATTESTATION_NOT_SUPPORTED", CA_BRIDGE_REJECTED,
	"the template wants key attestation, which firmware cannot give"},
    {0x80094800, "CERTSRV_E_UNSUPPORTED_CERT_TYPE", CA_BRIDGE_MISCONFIGURED,
	"the CA does not offer this template: see label, or publish it there"},
    {0x80094801, "CERTSRV_E_NO_CERT_TYPE", CA_BRIDGE_MISCONFIGURED,
	"the CA wants a template named: set label"},
    {0x80094802, "CERTSRV_E_TEMPLATE_CONFLICT", CA_BRIDGE_MISCONFIGURED,
	"the request names another template than label"},
    {0x80094803, "CERTSRV_E_SUBJECT_ALT_NAME_REQUIRED", CA_BRIDGE_REJECTED,
	"the template wants a subjectAltName"},
    {0x80094804, "CERTSRV_E_ARCHIVED_KEY_REQUIRED", CA_BRIDGE_REJECTED,
	"the template wants the private key, which never leaves a device"},
    {0x80094807, "CERTSRV_E_BAD_TEMPLATE_VERSION", CA_BRIDGE_REJECTED,
	"the request names a version of the template that the CA has not"},
    {0x80094809, "CERTSRV_E_SIGNATURE_POLICY_REQUIRED", CA_BRIDGE_REJECTED,
	"the template wants requests signed by a registration authority"},
    {0x8009480a, "CERTSRV_E_SIGNATURE_COUNT", CA_BRIDGE_REJECTED,
	"the template wants requests signed by a registration authority"},
    {0x8009480d, "CERTSRV_E_SUBJECT_UPN_REQUIRED", CA_BRIDGE_REJECTED,
	"the template builds names from the directory: let it take those "
	"of the request"},
    {0x8009480f, "CERTSRV_E_SUBJECT_DNS_REQUIRED", CA_BRIDGE_REJECTED,
	"the template builds names from the directory: let it take those "
	"of the request"},
    {0x80094811, "CERTSRV_E_KEY_LENGTH", CA_BRIDGE_REJECTED,
	"the key is shorter than the template wants"},
    {0x80094813, "CERTSRV_E_UNKNOWN_CERT_TYPE", CA_BRIDGE_MISCONFIGURED,
	"there is no such template: see label"},
};

static const struct row *
find(uint32_t code)
{
	size_t i;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		if (rows[i].code == code)
			return &rows[i];
	return NULL;
}

void
ca_ces_judge(
    uint32_t code, bool denied, const char *words, struct ca_bridge_answer *ret)
{
	const struct row *row = find(code);
	enum ca_bridge_outcome outcome =
	    denied ? CA_BRIDGE_REJECTED : CA_BRIDGE_UNKNOWN;
	const char *text =
	    denied ? "the CA refuses" : "the service fails at it";
	char name[NAME_MAX_LEN] = "";

	if (row != NULL) {
		outcome = row->outcome;
		text = row->text;
		(void)snprintf(name, sizeof(name), " (%s, 0x%08X)", row->name,
		    (unsigned)code);
	} else if (code != 0) {
		(void)snprintf(name, sizeof(name), " (0x%08X)", (unsigned)code);
	}
	ret->ended = code == 0x80094002;
	ca_bridge_answer_set(ret, outcome, "%s%s%s%s", text, name,
	    words[0] != '\0' ? ": " : "", words);
}
