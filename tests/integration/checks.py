"""What tests against the real program say of what they found."""
import datetime
import time

# Seconds for what must come: no measure, a loaded machine has all of them.
PATIENCE = 300
_failed = 0
_passed = 0


def check(holds, what):
    """One expectation; the text says what must hold."""
    global _failed, _passed
    if holds:
        _passed += 1
    else:
        _failed += 1
        print(f"FAIL {what}", flush=True)
    return holds


def equal(found, wanted, what):
    return check(found == wanted, f"{what}: {found!r}, not {wanted!r}")


def wait_for(condition, seconds, what):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if condition():
            return True
        time.sleep(0.1)
    return check(False, what)


def far_off(form):
    """A time of day, in UTC, that does not come while this runs."""
    return (datetime.datetime.now(datetime.timezone.utc) +
            datetime.timedelta(hours=12)).strftime(form)


def finish():
    """Whether anything failed."""
    print(f"{_passed} passed, {_failed} failed", flush=True)
    return bool(_failed)
