"""What is installed agrees about the ports: sockets, firewalld, ufw, fail2ban and the configuration's default."""

import configparser
import json
import re
import xml.etree.ElementTree

from harness import main
from harness.ctl import CtlTest
from harness.server import ROOT


class Ports(CtlTest):
    def listening(self):
        return [
            re.search(r"^ListenStream=(\d+)$", (ROOT / "systemd" / name).read_text(), re.MULTILINE)[1]
            for name in ("cellftpd.socket", "cellftpd-tls.socket")
        ]

    def passive(self):
        return json.loads(self.ctl("config", "show", "--json").stdout)["passive"]["ports"]

    def test_firewalld(self):
        service = xml.etree.ElementTree.parse(ROOT / "etc/firewalld/cellftpd.xml")
        ports = [(port.get("protocol"), port.get("port")) for port in service.iter("port")]
        self.assertEqual(ports, [("tcp", port) for port in (*self.listening(), self.passive())])

    def test_ufw(self):
        profile = configparser.ConfigParser()
        profile.read(ROOT / "etc/ufw/cellftpd")
        passive = self.passive().replace("-", ":")
        self.assertEqual(profile["cellftpd"]["ports"], ",".join([*self.listening(), f"{passive}/tcp"]))

    def test_fail2ban(self):
        """By the names that services(5) has for them."""
        text = (ROOT / "etc/fail2ban/jail.d/cellftpd.conf").read_text()
        names = re.search(r"^port\s*=\s*(.*)$", text, re.MULTILINE)[1].split(",")
        self.assertEqual(dict(zip(names, self.listening())), {"ftp": "21", "ftps": "990"})


if __name__ == "__main__":
    main()
