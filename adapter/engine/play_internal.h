#ifndef PLAY_INTERNAL_H_
#define PLAY_INTERNAL_H_
#include <stdbool.h>
#include <stdint.h>

#include "plan.h"

/* The rows of plays.c, by file; see struct play for what each promises. */
int64_t play_clock_due(const struct device *d, const struct policy *p);
void play_clock_plan(const struct device *d, const struct policy *p,
    bool forced, struct plan *plan);
int64_t play_network_due(const struct device *d, const struct policy *p);
void play_network_plan(const struct device *d, const struct policy *p,
    bool forced, struct plan *plan);
int64_t play_certificate_due(const struct device *d, const struct policy *p);
void play_certificate_plan(const struct device *d, const struct policy *p,
    bool forced, struct plan *plan);
int64_t play_directory_due(const struct device *d, const struct policy *p);
void play_directory_plan(const struct device *d, const struct policy *p,
    bool forced, struct plan *plan);
int64_t play_object_due(const struct device *d, const struct policy *p);
void play_object_alone_plan(const struct device *d, const struct policy *p,
    bool forced, struct plan *plan);
int64_t play_admin_due(const struct device *d, const struct policy *p);
void play_admin_plan(const struct device *d, const struct policy *p,
    bool forced, struct plan *plan);
int64_t play_profile_due(const struct device *d, const struct policy *p);
void play_profile_plan(const struct device *d, const struct policy *p,
    bool forced, struct plan *plan);
int64_t play_auto_due(const struct device *d, const struct policy *p);
void play_auto_plan(const struct device *d, const struct policy *p, bool forced,
    struct plan *plan);

/* Parts of plans that several plays share. */
void play_object_plan(const struct device *d, const struct policy *p,
    const char *reason, struct plan *plan);
void play_replace_plan(const struct device *d, const struct policy *p,
    const char *reason, struct plan *plan);
/* Remove and revoke what an interrupted replacement left. */
void play_leftovers_plan(const struct device *d, struct plan *plan);
/* Trusted roots: is one missing, or to be removed? And the steps. */
bool play_roots_due(const struct device *d, const struct policy *p);
void play_roots_plan(
    const struct device *d, const struct policy *p, struct plan *plan);
/* Somebody switched the AD object off. */
bool play_object_disabled(const struct device *d);
/* Is the AD password too old, unknown to us, or not the device's key? */
bool play_password_due(const struct device *d, const struct policy *p);
/* Is the stored one not AD's, or may it be another? */
bool play_password_unknown(const struct device *d);
/* Is AD in use for this device, by configuration and profile? */
bool play_uses_directory(const struct policy *p);
#endif
