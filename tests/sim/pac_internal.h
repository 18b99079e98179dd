#ifndef PAC_INTERNAL_H_
#define PAC_INTERNAL_H_
#include <stddef.h>
#include <stdint.h>

/*
 * SIDs of a PAC's logon information (MS-PAC section 2.5, an NDR-encoded
 * KERB_VALIDATION_INFO): the user's, all groups', and the extra ones.
 */
#define PAC_MAX_SIDS 1024
#define PAC_SID_SIZE                                                           \
	28 /* the longest that AMT stores: five sub-authorities                \
	    */

struct pac_sids {
	uint8_t sid[PAC_MAX_SIDS][PAC_SID_SIZE];
	size_t len[PAC_MAX_SIDS];
	size_t count;
};

/* 0, or -1 for bytes that are not such a structure. */
int pac_sids(const uint8_t *data, size_t len, struct pac_sids *ret);
#endif
