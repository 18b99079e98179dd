#include <string.h>

#include "fw_internal.h"

static const struct fw_class *const classes[] = {
    &fw_class_acl,
    &fw_class_environment,
    &fw_class_ethernet,
    &fw_class_general,
    &fw_class_kerberos,
    &fw_class_pki_caps,
    &fw_class_cert,
    &fw_class_pki,
    &fw_class_key,
    &fw_class_redirection,
    &fw_class_setup,
    &fw_class_tls_context,
    &fw_class_tls_collection,
    &fw_class_tls,
    &fw_class_time,
    &fw_class_system,
    &fw_class_package,
    &fw_class_dependency,
    &fw_class_credential,
    &fw_class_software,
    &fw_class_host_setup,
    &fw_class_host_ip,
    &fw_class_8021x,
};

const struct fw_class *
fw_class_at(size_t i)
{
	return i < sizeof(classes) / sizeof(classes[0]) ? classes[i] : NULL;
}

const struct fw_class *
fw_class_find(const char *uri, unsigned version)
{
	const struct fw_class *cls;
	size_t i, len;

	for (i = 0; (cls = fw_class_at(i)) != NULL; i++) {
		len = strlen(cls->prefix);
		if (strncmp(uri, cls->prefix, len) == 0 &&
		    strcmp(uri + len, cls->name) == 0)
			return cls->since <= version ? cls : NULL;
	}
	return NULL;
}
