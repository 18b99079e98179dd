#ifndef FAULT_H_
#define FAULT_H_

/*
 * Places where tests kill the process.  With AMTKEEPER_FAULT=NAME:N in the
 * environment the N-th passage of NAME ends the process at once with status
 * FAULT_EXIT, as a power cut would ("*:N" counts every passage of any point).
 * AMTKEEPER_FAULT_LOG=FILE appends each name passed.  Compiled out of releases
 * (-D AMTKEEPER_FAULTS=OFF).
 */
#define FAULT_EXIT 66

#ifdef AMTKEEPER_FAULTS
void fault_point(const char *name);
/* For tests in one process: arm (or with NULL disarm) in place of the
 * environment; no other thread may pass a point meanwhile. */
void fault_arm(const char *name, unsigned long count);
/* How many points have been passed since the last fault_arm(). */
unsigned long fault_passed(void);
#else
#define fault_point(name) ((void)0)
#endif
#endif
