"""A lab as a program of its own, and a client that speaks to it as a browser would."""

import http.client
import json
import re
import subprocess
import sys
import time
from contextlib import contextmanager

# Whoever starts the tests in the background may have switched Ctrl-C off for their children.
SHOAL = """
import signal
signal.signal(signal.SIGINT, signal.default_int_handler)
from shoal.cli import main
main()
"""


class Client:
    """Speaks to a lab as a browser would, or as nobody should."""

    def __init__(self, link):
        self.link = link
        self.port = int(re.search(r":(\d+)/", link)[1])
        self.token = link.partition("token=")[2]
        self.host = f"127.0.0.1:{self.port}"
        self.cookie = f"shoal-lab-{self.port}={self.token}"

    def request(self, method, path, body=None, **headers):
        """Return the status, the headers and the body; a header of None is left out."""
        usual = {
            "Host": self.host, "Cookie": self.cookie, "Origin": f"http://{self.host}",
            "Content-Type": "application/json",
        }  # fmt: skip
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        connection.putrequest(method, path, skip_host=True, skip_accept_encoding=True)
        sent = {name: value for name, value in (usual | named).items() if value is not None}
        if body is not None and "Transfer-Encoding" not in sent:
            sent.setdefault("Content-Length", str(len(body)))
        for name, value in sent.items():
            connection.putheader(name, value)
        connection.endheaders(body)
        answer = connection.getresponse()
        content = answer.read()
        connection.close()
        return answer.status, dict(answer.getheaders()), content

    def ask(self, kind, question):
        status, _, content = self.request("POST", f"/api/{kind}", json.dumps(question).encode())
        return status, json.loads(content)


@contextmanager
def running(*arguments):
    command = [sys.executable, "-c", SHOAL, "lab", "--no-browser", *map(str, arguments)]
    process = subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )  # fmt: skip
    try:
        line = process.stdout.readline()
        while line and "http" not in line:
            line = process.stdout.readline()
        found = re.search(r"http://\S+", line)
        yield process, Client(found[0]) if found else line
    finally:
        process.kill()
        process.wait()
        process.stdout.close()
        process.stderr.close()


def wait_for(client):
    for _ in range(200):
        try:
            return client.request("GET", "/")
        except ConnectionError:  # it listens, and is not ready yet
            time.sleep(0.05)
    raise AssertionError("the lab does not answer")
