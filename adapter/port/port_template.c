#include "ca.h"
#include "port.h"
#include "profile.h"
#include "str.h"

struct ca_template
port_template(const struct profile_template *t)
{
	return (struct ca_template){
	    .name = t->name,
	    .validity = t->validity,
	    .renew_before = t->renew_before,
	    .backdate = t->backdate,
	    .key = t->key,
	    .short_name = t->short_name,
	    .address = t->address,
	    .upn = t->upn,
	    .sid = t->sid,
	    .underscore = t->underscore,
	    .usages = t->usages,
	    .max_size = t->max_size,
	    .clamp = str_eq(t->issuer_end, "clamp"),
	};
}
