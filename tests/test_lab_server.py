"""The lab answers its own page on this machine, and nobody else."""

import base64
import json
import signal
import sys
import threading

import pytest
from conftest import shop, write_rows
from lab_process import running, wait_for

from shoal.lab.material import MOST_BYTES
from shoal.lab.scenario import Scenario

START = Scenario().to_data()
FRAME = {
    "scenario": START, "iteration": 3, "view": {"kind": "pair", "x": 0, "y": 1}, "map": 0,
    "units": 0, "findings": False,
}  # fmt: skip


@pytest.fixture(scope="module")
def lab():
    with running("--port", 0) as (_, client):
        wait_for(client)
        yield client


def test_the_first_link_opens_the_page_and_leaves_its_secret_in_a_cookie(lab):
    status, headers, _ = lab.request("GET", f"/?token={lab.token}", Cookie=None, Origin=None)
    assert (status, headers["location"]) == (303, "/")
    cookie = headers["set-cookie"]
    assert cookie.startswith(lab.cookie)
    assert "HttpOnly" in cookie
    assert "samesite=lax" in cookie.lower()
    status, headers, content = lab.request("GET", "/", Origin=None)
    assert status == 200
    assert b'id="lab"' in content
    assert "default-src 'none'" in headers["content-security-policy"]
    assert "unsafe" not in headers["content-security-policy"]
    assert headers["cache-control"] == "no-store"
    assert "access-control-allow-origin" not in headers


@pytest.mark.parametrize("path", ["/app.js", "/app.css"])
def test_the_page_s_files_are_served_to_it_alone(lab, path):
    assert lab.request("GET", path)[0] == 200
    assert lab.request("GET", path, Cookie=None)[0] == 403


def test_a_question_is_answered(lab):
    status, frame = lab.ask("frame", FRAME)
    assert (status, frame["iteration"]) == (200, 3)
    assert lab.ask("about", {})[1]["start"] == START


REFUSED = [
    ("no token", {"Cookie": None}, 403),
    ("a wrong token", {"Cookie": "shoal-lab-1=x"}, 403),
    ("an empty token", {"Cookie": "{name}="}, 403),
    ("a token of other letters", {"Cookie": "{name}=ümlaut".encode()}, 403),
    ("another host", {"Host": "evil.example"}, 403),
    ("another port", {"Host": "127.0.0.1:1"}, 403),
    ("no host", {"Host": ""}, 403),
    ("another origin", {"Origin": "http://evil.example"}, 403),
    ("an origin of another port", {"Origin": "http://127.0.0.1:1"}, 403),
    ("an origin over https", {"Origin": "https://{host}"}, 403),
    ("the null origin", {"Origin": "null"}, 403),
    ("no origin", {"Origin": None}, 403),
    ("an origin that is none", {"Origin": "http://[::1"}, 403),
    ("a form", {"Content-Type": "application/x-www-form-urlencoded"}, 415),
    ("plain text", {"Content-Type": "text/plain"}, 415),
]


@pytest.mark.parametrize(
    ("headers", "status"), [r[1:] for r in REFUSED], ids=[r[0] for r in REFUSED]
)
def test_a_request_that_is_not_the_page_s_is_refused(lab, headers, status):
    name = f"shoal-lab-{lab.port}"
    filled = {
        key: value.format(name=name, host=lab.host) if isinstance(value, str) else value
        for key, value in headers.items()
    }
    answer = lab.request("POST", "/api/about", b"{}", **filled)
    assert answer[0] == status
    assert set(json.loads(answer[2])) == {"error"}


@pytest.mark.parametrize("path", ["/", "/?token=of-another-lab", "/nothing"])
def test_a_person_without_the_link_reads_where_it_is(lab, path):
    status, headers, content = lab.request(
        "GET", path, Cookie=None, Origin=None, Accept="text/html,*/*;q=0.8"
    )
    assert status in (403, 404)
    assert headers["content-type"].startswith("text/html")
    assert b"The link stands in the terminal" in content
    assert lab.token.encode() not in content
    assert "default-src 'none'" in headers["content-security-policy"]


def test_localhost_is_this_machine_too(lab):
    name = f"localhost:{lab.port}"
    assert lab.request("POST", "/api/about", b"{}", Host=name, Origin=f"http://{name}")[0] == 200


@pytest.mark.parametrize("method", ["GET", "HEAD", "PUT", "DELETE", "OPTIONS"])
def test_nothing_but_a_post_is_a_question(lab, method):
    assert lab.request(method, "/api/frame")[0] == 405


@pytest.mark.parametrize(
    "path", ["/api/none", "/secret", "/static/app.js", "/../pyproject.toml", "/%2e%2e/app.js"]
)
def test_there_is_nothing_else_to_be_had(lab, path):
    method = "POST" if path.startswith("/api") else "GET"
    assert lab.request(method, path, b"{}")[0] == 404


@pytest.mark.parametrize(
    "body", [b"", b"{", b"\xff\xfe", b"[" * 200_000, b"[]", b"3", b'{"scenario": NaN}']
)
def test_a_malformed_question_is_refused(lab, body):
    status, _, content = lab.request("POST", "/api/frame", body)
    assert status == 400
    assert json.loads(content)["error"]


def test_what_is_too_large_is_refused_and_the_lab_goes_on(lab):
    content = base64.b64encode(bytes(MOST_BYTES + 1)).decode()
    status, answer = lab.ask("table", {"name": "big.csv", "content": content})
    assert status == 400
    assert "big.csv has 64 MiB" in answer["error"]
    try:  # what it has not read, it cuts off
        status = lab.ask("table", {"name": "big.csv", "content": content * 2})[0]
    except ConnectionError:
        status = 413
    assert status == 413
    assert lab.ask("about", {})[0] == 200


def test_a_body_without_a_length_is_limited_too(lab):
    piece = b"%x\r\n%s\r\n" % (2**20, b" " * 2**20)
    many = (piece for _ in range(100))
    try:
        status, _, _ = lab.request("POST", "/api/about", many, Transfer_Encoding="chunked")
    except ConnectionError:
        status = 413
    assert status == 413
    few = iter([b"2\r\n{}\r\n0\r\n\r\n"])
    assert lab.request("POST", "/api/about", few, Transfer_Encoding="chunked")[0] == 200


def test_two_pages_ask_at_once_and_each_has_its_own_numbers(lab):
    scenarios = [START | {"seed": seed, "n_h": 30} for seed in range(6)]
    alone = [there(lab, FRAME | {"scenario": each, "iteration": 40}) for each in scenarios]
    found = {}

    def ask(i):
        for iteration in (10, 40, 5, 40):
            found[i] = there(lab, FRAME | {"scenario": scenarios[i], "iteration": iteration})

    threads = [threading.Thread(target=ask, args=(i,)) for i in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [found[i]["cost"] for i in range(6)] == [each["cost"] for each in alone]


def there(lab, question):
    """Return the frame of an iteration; a long way takes several questions."""
    while True:
        frame = lab.ask("frame", question)[1]
        if frame["iteration"] == question["iteration"]:
            return frame


def test_after_a_restart_the_same_question_has_the_same_answer(lab):
    question = FRAME | {"iteration": 700}
    before = there(lab, question)
    with running("--port", 0) as (_, other):
        wait_for(other)
        assert other.token != lab.token
        assert there(other, question) == before
        assert other.request("GET", "/", Cookie=lab.cookie)[0] == 403


def test_a_taken_port_is_no_obstacle(lab):
    with running("--port", lab.port) as (_, other):
        assert other.port != lab.port


@pytest.mark.skipif(sys.platform == "win32", reason="signals as in POSIX")
def test_ctrl_c_ends_the_lab():
    with running("--port", 0) as (process, client):
        wait_for(client)
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=20)
        assert process.returncode == 0
        assert "The lab is closed." in out
        assert err == ""


def test_a_table_of_the_command_is_what_the_page_opens_with(tmp_path):
    table = write_rows(tmp_path / "shop.csv", shop())
    with running(table, "--target", "city", "--port", 0) as (_, client):
        wait_for(client)
        about = client.ask("about", {})[1]
        assert about["start"]["data"]["target"] == "city"
        assert about["tables"][0]["rows"] == 120
        assert about["tables"][0]["target"] == "city"


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["none.csv"], "none.csv cannot be read"),
        (["--target", "x"], "the target is a column of a table"),
        (["shop.csv", "--target", "x"], "'x'"),
        (["names.csv"], "names.csv"),
    ],
)
def test_a_table_that_cannot_be_learned_from_opens_no_lab(cli, folder, arguments, said):
    write_rows(folder / "shop.csv", shop())
    (folder / "names.csv").write_text("name\na\nb\n")
    done = cli("lab", "--no-browser", *arguments)
    assert done.code == 2
    assert said in done.err
    assert "http" not in done.out
