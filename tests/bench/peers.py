"""One computer's password renewed by the programs that people use for it."""
import os
import subprocess

HOST = {"adcli": "adclipeer", "msktutil": "mskpeer"}


class Peers:
    """run is called with words; it gives CPU seconds behind the seconds."""

    def __init__(self, domain, run):
        self.domain, self.run = domain, run
        env = os.environ
        self.dc, self.name = env["LAB_DC"], env["LAB_DOMAIN"]
        subprocess.run(["kinit", "-k", "-t", env["LAB_KEYTAB"],
                        env["LAB_PRINCIPAL"]], check=True)
        self.quiet(self.adcli("join") +
                   ["--login-ccache", "--domain-ou=" + env["LAB_OU"]])
        self.quiet(self.msktutil("create") + ["--enctypes", "24"])

    @staticmethod
    def quiet(words):
        done = subprocess.run(words, text=True, capture_output=True,
                              check=False)
        if done.returncode != 0:
            raise SystemExit(" ".join(words[:2]) + ": " + done.stderr[-500:])

    def keytab(self, program):
        return os.path.join(os.environ["LAB_DIR"], program + ".keytab")

    def adcli(self, verb):
        host = HOST["adcli"]
        return ["adcli", verb, "--domain=" + self.name,
                "--domain-controller=" + self.dc,
                "--host-keytab=" + self.keytab("adcli"),
                f"--host-fqdn={host}.{self.name}",
                "--computer-name=" + host.upper()]

    def msktutil(self, verb):
        host = HOST["msktutil"]
        return ["msktutil", verb, "--server", self.dc, "--no-reverse-lookups",
                "--computer-name", host, "--hostname", f"{host}.{self.name}",
                "--base", "OU=AMT", "--keytab", self.keytab("msktutil")]

    def version(self, program):
        cn = HOST[program]
        cn = cn.upper() if program == "adcli" else cn
        return int(self.domain.get(f"CN={cn},{os.environ['LAB_OU']}",
                                   "msDS-KeyVersionNumber")[0])

    def update(self, program):
        """Seconds and CPU seconds; the password is another one then."""
        words = {"adcli": self.adcli("update") +
                 ["--computer-password-lifetime=0"],
                 "msktutil": self.msktutil("update")}[program]
        before = self.version(program)
        figures = self.run(words)
        if self.version(program) <= before:
            raise SystemExit(program + " changed no password")
        return figures
