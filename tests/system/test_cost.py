"""What a connection costs: from connect to the greeting under the shipped units, beside a bare static program in a bare
unit. Printed, and only held to what no noise explains; to be read with the score of systemd-analyze security."""

import re
import socket
import statistics
import time
from pathlib import Path

from harness import MachineTest, main, wait_until
from harness.machine_case import FTP_PORT

SAMPLES = 200
BARE_PORT = 2100
# A unit that took five times as long as the bare one would be a mistake and not a busy machine.
SANE = 5
SOCKET = f"""[Socket]
ListenStream={BARE_PORT}
Accept=yes
TriggerLimitIntervalSec=0
"""
SERVICE = """[Service]
ExecStart=/usr/sbin/bare
"""


class Cost(MachineTest):
    def processor(self):
        """Microseconds of processor time that the machine has used."""
        return int(re.search(r"^usage_usec (\d+)", (self.machine.cgroup / "cpu.stat").read_text(), re.MULTILINE)[1])

    def sample(self, port):
        """Milliseconds from connect to the greeting."""
        started = time.perf_counter()
        with socket.create_connection(("127.0.0.1", port), 60) as connection:
            greeting = connection.recv(4096)
            taken = time.perf_counter() - started
        self.assertTrue(greeting.startswith(b"220 "), greeting)
        return taken * 1e3

    def measure(self):
        """Interleaved samples of both: times, and processor time from connect to the unit's end."""
        times, processor = {BARE_PORT: [], FTP_PORT: []}, {BARE_PORT: [], FTP_PORT: []}
        for _ in range(SAMPLES):
            for port in times:
                before = self.processor()
                times[port].append(self.sample(port))
                time.sleep(0.02)  # what ends the unit is not the next one's
                processor[port].append((self.processor() - before) / 1e3)
        return times, processor

    def test_connect_to_greeting(self):
        self.compile(Path(__file__).with_name("bare.c"), "/usr/sbin/bare")
        self.machine.write("/etc/systemd/system/bare.socket", SOCKET)
        self.machine.write("/etc/systemd/system/bare@.service", SERVICE)
        self.machine.run("systemctl", "daemon-reload")
        self.machine.run("systemctl", "start", "bare.socket")
        for port in (BARE_PORT, FTP_PORT):  # the first is the one that reads everything from the disk
            self.sample(port)
        times, processor = self.measure()
        self.machine.run("systemctl", "stop", "bare.socket")
        for what, taken in (("connect to greeting", times), ("processor time", processor)):
            best = {port: statistics.quantiles(values, n=10)[0] for port, values in taken.items()}
            middle = {port: statistics.median(values) for port, values in taken.items()}
            print(
                f"# figure: {what}: cellftpd {middle[FTP_PORT]:.2f} ms, bare program {middle[BARE_PORT]:.2f} ms,"
                f" ratio {middle[FTP_PORT] / middle[BARE_PORT]:.2f}"
                f" (best tenth {best[FTP_PORT]:.2f} and {best[BARE_PORT]:.2f} ms,"
                f" ratio {best[FTP_PORT] / best[BARE_PORT]:.2f})"
            )
        ratio = statistics.median(times[FTP_PORT]) / statistics.median(times[BARE_PORT])
        self.assertLess(ratio, SANE)

    def test_exposure(self):
        self.connect()
        unit = wait_until(lambda: sorted(self.machine.instances()))[0]
        text = self.machine.output("systemd-analyze", "--no-pager", "security", unit)
        score = re.search(r"Overall exposure level for .*: ([0-9.]+)", text)
        print(f"# figure: {score[0]}")
        # Without what the unit restricts it is 9.6, as of any service that restricts nothing.
        self.assertLess(float(score[1]), 8)


if __name__ == "__main__":
    main()
