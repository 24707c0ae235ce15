"""A configuration that is wrong stops the start, and says where; limits that it sets are kept."""
import socket

import pytest

import harness

# What stands in the file, the line on which it is wrong, and a word that the sentence must have.
WRONG = [
    ("nothing: 1\n", 1, "nothing"),
    ("loops: 1\nhttp:\n  nothing: 1\n", 3, "nothing"),
    ("loops: 1\nloops: 1\n", 2, "loops"),
    ("listen: [1]\n", 1, "listen"),
    ("loops: many\n", 1, "loops"),
    ("# how many\nloops: 100000\n", 2, "loops"),
    ("store:\n  map_max: 1 MB\n", 2, "map_max"),
    ("listen: &x 127.0.0.1:0\n", 1, ""),
    ("loops: 1\n\tlisten: 127.0.0.1:0\n", 2, ""),
    ("loops: 1\n}", 2, ""),
]


@pytest.mark.parametrize("command", ["check", "serve"])
@pytest.mark.parametrize("text, line, word", WRONG, ids=lambda v: repr(v)[:30])
def test_a_wrong_setting_stops_the_start_and_names_its_line(make_site, command, text, line, word):
    site = make_site()
    site.config.write_text(text)
    done = harness.packtrail(command, "-c", site.config)
    said = done.stderr + done.stdout
    assert done.returncode == 1, said
    assert f"packtrail.yaml:{line}: " in said and word in said, said


def test_a_client_that_is_too_slow_is_told_so(make_site):
    site = make_site()
    site.configure(http={"header_time": "300 ms"})
    site.start()
    host, port = site.listen.rsplit(":", 1)
    with socket.create_connection((host, int(port)), timeout=20) as peer:
        peer.sendall(b"GET /healthz HTTP/1.1\r\n")
        assert b" 408 " in peer.recv(65536)
