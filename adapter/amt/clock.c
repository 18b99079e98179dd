#include "clock.h"

#include "amt.h"
#include "err.h"
#include "mem.h"
#include "op_internal.h"
#include "str.h"

#define CLASS "AMT_TimeSynchronizationService"
/* A round trip longer than this held a connection or a challenge: once more. */
#define MAX_TRIP_MS 1500

struct reading {
	int64_t *ret_offset;
	int64_t offset, sent;
	bool again;
	int64_t ta0, tm1; /* setting */
};

static int
ask(void *state, struct op_message *m, struct err *err)
{
	struct reading *r = state;

	(void)m;
	(void)err;
	r->sent = clock_now_ms();
	return 0;
}

static int
device_time(const struct wsman_reply *reply, int64_t *ret, struct err *err)
{
	const char *text = xml_child_text(wsman_body(reply), "Ta0");

	if (text == NULL || str_int(text, 0, UINT32_MAX, ret) != 0)
		return err_set(err, ERR_PROTOCOL, "device tells no time");
	return 0;
}

/* The device's clock comes in whole seconds: the middle of that second is the
 * best guess. */
static enum op_turn
take_offset(void *state, const struct wsman_reply *reply, struct err *err)
{
	int64_t now = clock_now_ms(), seconds = 0;
	struct reading *r = state;

	if (device_time(reply, &seconds, err) != 0)
		return OP_FAIL;
	r->offset = seconds * 1000 + 500 - (r->sent + now) / 2;
	if (now - r->sent <= MAX_TRIP_MS || r->again)
		return OP_NEXT;
	r->again = true;
	return OP_AGAIN;
}

static void
finish(void *state)
{
	struct reading *r = state;

	*r->ret_offset = r->offset;
}

int
amt_clock_read(struct amt *a, int64_t *ret_offset_ms, amt_done_fn *done,
    void *cookie, struct err *err)
{
	static const struct op_exchange exchanges[] = {
	    {WSMAN_INVOKE, CLASS, "GetLowAccuracyTimeSynch", ask, take_offset,
		NULL},
	};
	static const struct op_kind kind = OP_KIND(exchanges, finish, NULL);
	struct reading *r = mem_alloc(sizeof(*r));

	r->ret_offset = ret_offset_ms;
	return op_start(a, &kind, r, done, cookie, err);
}

static enum op_turn
take_ta0(void *state, const struct wsman_reply *reply, struct err *err)
{
	struct reading *r = state;

	if (device_time(reply, &r->ta0, err) != 0)
		return OP_FAIL;
	r->tm1 = clock_now();
	return OP_NEXT;
}

/* Firmware computes from its own time Ta3 at arrival: new time = Ta3 + ((Tm1 +
 * Tm2) - (Ta0 + Ta3)) / 2, so a Ta0 of another run would set it wrong. */
static int
put_time(void *state, struct op_message *m, struct err *err)
{
	struct reading *r = state;

	(void)err;
	wsman_open(&m->body, CLASS, "SetHighAccuracyTimeSynch_INPUT");
	wsman_int(&m->body, "Ta0", r->ta0);
	wsman_int(&m->body, "Tm1", r->tm1);
	wsman_int(&m->body, "Tm2", clock_now());
	wsman_close(&m->body, "SetHighAccuracyTimeSynch_INPUT");
	return 0;
}

int
amt_clock_set(struct amt *a, amt_done_fn *done, void *cookie, struct err *err)
{
	static const struct op_exchange exchanges[] = {
	    {WSMAN_INVOKE, CLASS, "GetLowAccuracyTimeSynch", NULL, take_ta0,
		NULL},
	    {WSMAN_INVOKE, CLASS, "SetHighAccuracyTimeSynch", put_time, NULL,
		NULL},
	};
	static const struct op_kind kind = OP_KIND(exchanges, NULL, NULL);

	return op_start(
	    a, &kind, mem_alloc(sizeof(struct reading)), done, cookie, err);
}
