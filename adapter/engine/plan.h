#ifndef PLAN_H_
#define PLAN_H_
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct device;
struct port_roots;
struct profile;
struct step_kind;

/*
 * A plan is a diff: what differs from the profile, and the step that mends it.
 * Planning is pure: the same record, profile and time give the same plan.
 */
struct plan_step {
	const struct step_kind *kind;
	char *reason; /* reason code: "name-mismatch", "requested", ... */
	char *what;   /* "AMT host name", "TLS certificate", ... */
	char *from;
	char *to;
};

struct plan {
	struct plan_step *steps;
	size_t count;
	/* What is due and cannot be done with this profile, and what a person
	 * has to change; NULL. The steps do without it. */
	char *obstacle;
};

/* What plans are made from besides the device. */
struct policy {
	const struct profile *profile;
	bool directory; /* AD is configured */
	bool by_ticket; /* but no LDAP answers: its object is as on record */
	const char *realm;
	int64_t now;
	/* Of our CA; NULL: not known, and nothing is said of them. */
	const struct port_roots *roots;
};

/* When the password of the AD object must be another one, and why then. Pure.
 */
enum deadline_rule {
	DEADLINE_NEVER,
	DEADLINE_DOMAIN,   /* its maxPwdAge */
	DEADLINE_SETTINGS, /* a password settings object, of a user object */
	DEADLINE_PROFILE   /* its ad.max_age: the earlier, or the only one */
};
struct plan_deadline {
	enum deadline_rule rule;
	bool enforced;	/* the controllers refuse it from the end on */
	int64_t end;	/* of its life; 0 = never */
	int64_t margin; /* before that */
	int64_t due;	/* 0 = never */
};
void plan_deadline(
    const struct device *d, const struct policy *p, struct plan_deadline *ret);
/* In words, given; NULL when Active Directory is not used, or not read yet. */
char *plan_deadline_why(const struct device *d, const struct policy *p,
    const struct plan_deadline *l);

/* One task: a row of the table in plays.c. */
struct play {
	const char *name; /* "sync-clock" */
	const char *const
	    *aliases; /* words of SCS, rpc-go, ePO; NULL at the end */
	const char *summary;
	bool uses_directory; /* reads the AD object first */
	bool clock_only;     /* of a known device reads nothing but the clock */
	/* When is this next due? 0 = never. Pure. */
	int64_t (*due)(const struct device *d, const struct policy *p);
	/* Append the steps that bring the device to policy; forced: also when
	 * it is not due, because a person asked. Pure. */
	void (*plan)(const struct device *d, const struct policy *p,
	    bool forced, struct plan *plan);
	unsigned parts, always; /* in place of the two: play_combine() */
};
/* Its plan(), or those of its parts; of these none that is done already is
 * forced. */
void play_plan(const struct play *play, const struct device *d,
    const struct policy *p, bool forced, unsigned done, struct plan *plan);

/*
 * Those that a person ticks for one visit: they are planned together, so that a
 * step that several want is made once.
 */
enum play_part {
	PLAY_CLOCK = 1,
	PLAY_NETWORK = 2,
	PLAY_CERTIFICATES = 4,
	PLAY_AD_PASSWORD = 8,
	PLAY_ADMIN_PASSWORD = 16
};
#define PLAY_PARTS 5
#define PLAY_PARTS_ALL 31U
/* "sync-clock", ... of one part. */
const char *play_part_name(enum play_part part);
/* The part of this name or alias; 0. */
unsigned play_part_find(const char *word);
/* These (at least one); those of always also where nothing is due. For the
 * process's life. */
const struct play *play_combine(unsigned parts, unsigned always);
/* Which part is done once for all by this step; 0. */
unsigned play_part_of_step(const char *step);

/* All plays; NULL name at the end. */
const struct play *plays(void);
/* By name or alias, ASCII case ignored; NULL. */
const struct play *play_find(const char *word);
/* Earliest due over all plays and which play that is. */
int64_t play_next_due(const struct device *d, const struct policy *p,
    const struct play **ret_play);

void plan_add(struct plan *plan, const char *step, const char *reason,
    const char *what, const char *from, const char *to);
/* "certificate.add": the row of the step table. */
const char *plan_step_name(const struct plan_step *step);
bool plan_has(const struct plan *plan, const char *step);
/* Why devices of this firmware can never have the TLS certificate that the
 * profile's template describes; false when they can. Pure. */
#define PLAN_OBSTACLE 160
bool plan_key_refused(
    const struct profile *p, int amt_major, char out[PLAN_OBSTACLE]);
/* Move the steps of more to the end of plan; more is empty then. */
void plan_append(struct plan *plan, struct plan *more);
void plan_clear(struct plan *plan);
#endif
