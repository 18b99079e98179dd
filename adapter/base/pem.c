#include "pem.h"

/* NOLINTBEGIN(readability-non-const-parameter): libcrypto's type */
int
pem_no_password(char *bytes, int size, int writing, void *cookie)
/* NOLINTEND(readability-non-const-parameter) */
{
	(void)bytes;
	(void)size;
	(void)writing;
	(void)cookie;
	return -1;
}
