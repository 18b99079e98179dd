"""What a script for an ePO server has: the console of `serve`, a user's name and
password, HTTPS.  Everything it orders and sees goes through remote commands."""
import datetime
import os
import select
import sys

from fleet import PATIENCE, ROOT, equal, wait_for

sys.path.insert(0, os.path.join(ROOT, "tests/integration/remote"))
import clients  # noqa: E402

PASSWORD = "correct horse battery"
CERTIFICATES = "Re-issue certificates"
NOVEMBER = "monthly on first thu of nov at 03:00 UTC"
DAY = datetime.timedelta(days=1)


def now():
    return datetime.datetime.now(datetime.timezone.utc)


def moment(text):
    """A time as remote commands write it; None for none."""
    return datetime.datetime.fromisoformat(text).astimezone(
        datetime.timezone.utc) if text else None


def sleep(seconds):
    """time.sleep() waits for an absolute time, which libfaketime spoils."""
    select.select([], [], [], seconds)


def set_clock(at):
    """To that moment, for all; forwards."""
    path = os.environ["LAB_CLOCK"]
    with open(path) as f:
        offset = float(f.read())
    offset += (at - now()).total_seconds()
    with open(path + ".new", "w") as f:
        f.write(f"+{offset:.3f}\n")
    os.rename(path + ".new", path)


def june():
    """The next year's."""
    return now().replace(year=now().year + 1, month=6, day=5, hour=9, minute=0)


def first_thursday(year):
    day = datetime.datetime(year, 11, 1, 3, tzinfo=datetime.timezone.utc)
    return day + (3 - day.weekday()) % 7 * DAY


def due(console, name):
    return moment(console.ask("scheduler.getServerTask", name)["nextRunTime"])


def ends(console):
    return {r["EPOLeafNode.NodeName"]: moment(r["AMT_CustomProps.CertExpires"])
            for r in console.query("Certificates by expiry")}


def insert(keeper, section, *lines):
    """Options at the top of a section."""
    path = os.path.join(keeper.folder, "amtkeeper.yaml")
    with open(path) as f:
        text = f.read()
    assert text.count(f"\n{section}:\n") == 1, (section, text)
    with open(path, "w") as f:
        f.write(text.replace(f"\n{section}:\n", f"\n{section}:\n" +
                             "".join(f"  {line}\n" for line in lines)))


class Console:
    """`serve`, and the official client at its console."""

    def __init__(self, keeper, where):
        self.keeper, self.where = keeper, where
        # What is done here, a task has done.
        insert(keeper, "serve", "automatic: false")
        insert(keeper, "console", "listen: 127.0.0.1:0", "name: localhost")
        path = os.path.join(where, "script-password")
        with open(path, "w", opener=lambda p, f: os.open(p, f, 0o600)) as f:
            f.write(PASSWORD + "\n")
        keeper.run("user", "add", "script", "--sets", "administrator",
                   "--password-file", path, expect=0)
        self.child = self.epo = None

    def start(self):
        self.child = self.keeper.serve()
        port = self.child.port()
        assert port != 0, self.child.said()
        ca = os.path.join(self.where, "console-ca.pem")
        with open(ca, "w") as f:
            f.write(self.keeper.run("ca", "chain", expect=0).stdout)
        self.epo = clients.Official(
            clients.Server(port, "script", PASSWORD, ca))

    def stop(self):
        equal(self.child.stop(), 0, "serve's exit code after SIGTERM")

    def ask(self, command, *places, **args):
        return self.epo.ask(command, *places, **args)

    def query(self, name):
        """Rows of a saved query, found by its name as scripts do."""
        number = [q["id"] for q in self.ask("core.listQueries")
                  if q["name"] == name][0]
        return self.ask("core.executeQuery", number)

    def task(self, name):
        """A client task's product and number."""
        row = [t for t in self.ask("clienttask.find", name)
               if t["objectName"] == name][0]
        return row["productId"].strip(), row["objectId"]

    def history(self):
        return self.ask("tasklog.listTaskHistory")

    def newest(self):
        return max((e["id"] for e in self.history()), default=0)

    def ended(self, after, name):
        """The one entry of the task log behind that, at its end."""
        def entry():
            new = [e for e in self.history() if e["id"] > after]
            assert len(new) <= 1, new
            return new[0] if new and new[0]["endDate"] else None

        assert wait_for(entry, PATIENCE, f"{name}: a run that ends")
        equal(entry()["name"], name, "whose run it is")
        return entry()

    def results(self, entry):
        return {r["systemName"]: r["outcome"]
                for r in self.ask("amt.listResults", entry["id"])}

    def run_on(self, task, names, **how):
        """A client task on systems, from the order to its end."""
        product, number = self.task(task)
        before = self.newest()
        equal(self.ask("clienttask.run", names=",".join(names),
                       productId=product, taskId=number, **how),
              "Succeeded", task)
        return self.results(self.ended(before, task))
