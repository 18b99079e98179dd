/*
 * libkrb5's configuration with one thing changed: the realm has the one KDC we
 * were given.  libkrb5 would otherwise ask the DNS for it before it calls the
 * hook that does the transport, and fail or wait where krb5.conf does not know
 * the realm.  Everything else stays as the administrator configured it.
 */
#include <stdlib.h>
#include <string.h>

#include "krb.h"
#include "krb_internal.h"
#include "mem.h"
#include "str.h"

#define SECTION_REALMS "realms"
#define RELATION_KDC "kdc"

/* names is "realms", our realm, "kdc". */
static bool
asks_for_kdc(const struct krb *k, const char *const *names)
{
	return str_eq(names[0], SECTION_REALMS) && names[1] != NULL &&
	    str_eq(names[1], k->realm) && names[2] != NULL &&
	    str_eq(names[2], RELATION_KDC) && names[3] == NULL;
}

static long
get_values(void *data, const char *const *names, char ***ret_values)
{
	struct krb *k = data;
	const char **copy;
	size_t count = 0;
	char **values;
	long code;

	if (asks_for_kdc(k, names)) {
		values = mem_array(2, sizeof(*values));
		values[0] = mem_dup(k->kdc);
		*ret_values = values;
		return 0;
	}
	if (k->file == NULL)
		return PROF_NO_RELATION;
	/* The same list, for a function that wants it without const. */
	while (names[count] != NULL)
		count++;
	copy = mem_array(count + 1, sizeof(*copy));
	memcpy(copy, names, count * sizeof(*copy));
	code = profile_get_values(k->file, copy, &values);
	free(copy);
	if (code == 0)
		*ret_values = values;
	return code;
}

/* Both kinds of lists are made with malloc(), each text too. */
static void
free_values(void *data, char **values)
{
	size_t i;

	(void)data;
	for (i = 0; values[i] != NULL; i++)
		free(values[i]);
	free(values);
}

char *
krb_profile_kdc(struct krb *k)
{
	const char *names[] = {SECTION_REALMS, k->realm, RELATION_KDC, NULL};
	char **values = NULL, *found = NULL;

	if (k->file != NULL &&
	    profile_get_values(k->file, names, &values) == 0) {
		found = mem_dup(values[0]);
		profile_free_list(values);
	}
	return found;
}

krb5_error_code
krb_profile_context(struct krb *k)
{
	/* Without a clean-up function the copies that libkrb5 makes share our
	 * data, which lives longer than the context. */
	struct profile_vtable calls = {.minor_ver = 1,
	    .get_values = get_values,
	    .free_values = free_values};
	profile_t profile = NULL;
	krb5_error_code code;

	if (profile_init_vtable(&calls, k, &profile) != 0)
		return KRB5_CONFIG_BADFORMAT;
	code = krb5_init_context_profile(profile, 0, &k->ctx);
	profile_release(profile);
	return code;
}

krb5_error_code
krb_profile_read(struct krb *k)
{
	krb5_context ctx;
	krb5_error_code code;

	code = krb5_init_context(&ctx);
	if (code != 0)
		return code;
	if (krb5_get_profile(ctx, &k->file) != 0)
		k->file = NULL;
	krb5_free_context(ctx);
	return 0;
}
