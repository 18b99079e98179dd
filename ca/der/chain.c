#include "chain.h"

#include <openssl/objects.h>
#include <openssl/x509_vfy.h>
#include <time.h>

#define AUTH_LEVEL 2

void
ca_chain_rules(X509_VERIFY_PARAM *param, int64_t now)
{
	X509_VERIFY_PARAM_set_time(param, (time_t)now);
	X509_VERIFY_PARAM_set_auth_level(param, AUTH_LEVEL);
	(void)X509_VERIFY_PARAM_set_flags(param, X509_V_FLAG_POLICY_CHECK);
	/* Without a set of policies OpenSSL takes none for acceptable. */
	(void)X509_VERIFY_PARAM_add0_policy(param, OBJ_nid2obj(NID_any_policy));
}
