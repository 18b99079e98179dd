#ifndef DIRECTORY_REPAIR_INTERNAL_H_
#define DIRECTORY_REPAIR_INTERNAL_H_

struct ad_audit_finding;

/* The command that puts a finding right, for the shell that it belongs to; of
 * an object of a device it is ours. Given; NULL for a code without one. */
char *cmd_directory_remedy(const struct ad_audit_finding *f);
#endif
