#!/usr/bin/python3
"""metrics.py AMTKEEPER SIM: /metrics of a live service with simulated devices:
who may read it, that promtool likes it, that it says what the store says, and
that the alert rules and the dashboard ask for nothing that is not there."""
import json
import os
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
import checks  # noqa: E402
from checks import PATIENCE, check, finish  # noqa: E402

KEEPER, SIM = (os.path.abspath(p) for p in sys.argv[1:3])
ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.dirname(
    os.path.abspath(__file__)))))
BOARDS = os.path.join(ROOT, "contrib/dashboards")
WHERE = tempfile.mkdtemp(prefix="metrics.")
ENV = dict(os.environ, NO_COLOR="1",
           AMTKEEPER_CONFIG=os.path.join(WHERE, "etc/amtkeeper.yaml"))
EARLIEST = "amtkeeper_certificates_earliest_expiry_timestamp_seconds"
children = []


def path(name):
    return os.path.join(WHERE, name)


def wait_for(condition, what):
    return checks.wait_for(condition, PATIENCE, what)


def run(*args, text=None):
    out = subprocess.run(args, env=ENV, text=True, input=text,
                         capture_output=True, timeout=PATIENCE)
    check(out.returncode == 0, f"{' '.join(args)[:100]}: {out.returncode} "
          f"{out.stderr.strip()[:300]}")
    return out.stdout


def keep(*args, text=None):
    return run(KEEPER, *args, text=text)


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def get(port, *options):
    """Status and body, by curl."""
    out = subprocess.run(
        ["curl", "-s", "-k", "-w", "\n%{http_code} %{content_type}", *options,
         f"https://127.0.0.1:{port}/metrics"], text=True, capture_output=True,
        timeout=PATIENCE)
    body, _, last = out.stdout.rpartition("\n")
    return last.partition(" ")[0], body, last.partition(" ")[2]


def parse(page):
    """Values by series, and the names."""
    values, names = {}, set()
    for line in page.splitlines():
        if line.startswith("#"):
            names.add(line.split()[2])
            continue
        series, _, value = line.rpartition(" ")
        values[series] = float(value)
    return values, names


def names_asked(text):
    return set(re.findall(r"\b(?:amtkeeper|process)_[a-z_]+", text))


def agrees(values):
    """What is said of fleet and events with the store, once all is done; that
    of the fleet may be ten seconds old."""
    rows = json.loads(keep("device", "list", "-o", "json"))
    expected = {f'amtkeeper_device_findings{{reason="{reason}"}}':
                sum(reason in (r["reasons"] or []) for r in rows)
                for reason in ("clock-skew", "offline", "credentials-missing")}
    expected["amtkeeper_events_total"] = len(json.loads(
        keep("events", "-o", "json")))
    states = [values.get(f'amtkeeper_devices{{state="{state}"}}', 0)
              for state in ("well", "findings", "unread")]
    earliest = values.get(EARLIEST, 0) - time.time()
    return len(rows) == 7 == sum(states) and 0 < earliest < 800 * 86400 and \
        all(values.get(name) == value for name, value in expected.items())


def boards_fit(names):
    """Every name in rules and dashboard is one of the page's."""
    have = set(names)
    for name in names:
        have |= {name + s for s in ("_bucket", "_sum", "_count")}
    rules = os.path.join(BOARDS, "amtkeeper.rules.yaml")
    with open(rules) as f:
        missing = names_asked(f.read()) - have
    check(not missing, f"the rules ask for what is there: {missing}")
    with open(os.path.join(BOARDS, "amtkeeper.json")) as f:
        board = json.load(f)
    asked = set()
    for panel in board["panels"]:
        for target in panel.get("targets", []):
            asked |= names_asked(target["expr"])
    check(asked and not asked - have,
          f"the dashboard asks for what is there: {asked - have}")
    run("promtool", "check", "rules", rules)
    run("promtool", "test", "rules",
        os.path.join(BOARDS, "amtkeeper.rules.test.yaml"))


def main():
    ready, tell = os.pipe()
    sim = subprocess.Popen(
        [SIM, "--devices", "6", "--first", "127.81.0.1", "--state",
         path("sim"), "--write-fleet", path("fleet.csv"), "--drift", "mixed",
         "--ready-fd", str(tell)], pass_fds=[tell])
    children.append(sim)
    os.close(tell)
    os.read(ready, 1)
    keep("init", "--dir", path("etc"))
    keep("device", "import", path("fleet.csv"))
    keep("device", "import", "-", text="name\nnobody.corp.example\n")
    port = free_port()
    os.makedirs(path("etc/conf.d"), exist_ok=True)
    with open(path("etc/conf.d/test.yaml"), "w") as f:
        f.write(f"console: {{listen: '127.0.0.1:{port}', "
                "name: amt.corp.example}\n"
                "revocation: {listen: '127.0.0.1:0', "
                "url: 'http://pki.corp.example'}\n"
                "forward:\n- {name: siem, kind: syslog, "
                "to: 'udp://127.0.0.1:9'}\n")
    keep("user", "add", "prometheus", "--sets", "monitor", "--no-password")
    keep("user", "token", "add", "prometheus", "--name", "scrape",
         "--to", path("token"))
    with open(path("token")) as f:
        token = f.read().strip()
    keep("user", "add", "nobody", "--password-file", "-", "--sets", "auditor",
         text="correct horse battery\n")
    with open(path("log"), "w") as log:
        service = subprocess.Popen([KEEPER, "serve"], env=ENV, stderr=log)
    children.append(service)
    bearer = ("-H", f"Authorization: Bearer {token}")
    wait_for(lambda: service.poll() is not None or
             get(port, *bearer)[0] == "200", "a page for the token")
    check(get(port)[0] == "401", "none for a stranger")

    def worked():
        values, _ = parse(get(port, *bearer)[1])
        return sum(v for k, v in values.items() if k.startswith(
            "amtkeeper_task_run_items_total")) >= 7
    wait_for(worked, "runs are counted")
    answers = []

    def settled():
        answers.append(get(port, *bearer))
        return agrees(parse(answers[-1][1])[0])
    wait_for(settled, "the page says what the store says")
    _, page, kind = answers[-1]
    check(kind.startswith("text/plain; version=0.0.4"), f"its type: {kind}")
    run("promtool", "check", "metrics", text=page)
    values, names = parse(page)
    exchanges = sum(v for k, v in values.items() if k.startswith(
        "amtkeeper_wsman_request_duration_seconds_count"))
    check(exchanges > 50 and exchanges ==
          values["amtkeeper_net_exchanges_total"],
          f"requests are measured: {exchanges}")
    check(values['amtkeeper_console_logins_total{result="absent"}'] == 1 and
          values['amtkeeper_console_logins_total{result="granted"}'] > 2,
          "logins are counted")
    check(any(k.startswith('amtkeeper_steps_total{') for k in values),
          "steps are counted")
    check(time.time() < values["amtkeeper_ca_not_after_timestamp_seconds"], "the CA")
    check(all(k.count("pc") == 0 for k in values), "no device in a label")
    boards_fit(names)
    service.terminate()
    check(service.wait(PATIENCE) == 0, "serve ends well")
    sim.terminate()
    sim.wait(PATIENCE)
    with open(path("log")) as f:
        check(token not in f.read(), "no token in the log")


try:
    main()
finally:
    for child in children:
        child.kill()
    shutil.rmtree(WHERE, ignore_errors=True)
sys.exit(finish())
