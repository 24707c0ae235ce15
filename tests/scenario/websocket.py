"""A client of WebSockets (RFC 6455) that does what it is told and nothing by itself."""
import base64
import collections
import hashlib
import os
import socket
import struct

import harness

TEXT, BINARY, CLOSE, PING, PONG = 1, 2, 8, 9, 10
Frame = collections.namedtuple("Frame", "opcode data")


class WebSocket:
    def __init__(self, caller, path, headers=None, timeout=harness.CALL_S, **replaced):
        host, port = caller.url.split("//")[1].split(":")
        self.socket = socket.create_connection((host, int(port)), timeout=timeout)
        self.key = base64.b64encode(os.urandom(16)).decode()
        lines = {
            "Host": f"{host}:{port}", "Connection": "keep-alive, Upgrade", "Upgrade": "websocket",
            "Sec-WebSocket-Version": "13", "Sec-WebSocket-Key": self.key,
            "Authorization": caller.http.headers.get("Authorization"), **(headers or {}),
            **{k.replace("_", "-"): v for k, v in replaced.items()}}
        head = "".join(f"{k}: {v}\r\n" for k, v in lines.items() if v is not None)
        self.socket.sendall(f"GET {path} HTTP/1.1\r\n{head}\r\n".encode())
        self.input = self.socket.makefile("rb")
        self.status = int(self.input.readline().split()[1])
        self.headers = {}
        while line := self.input.readline().strip().decode():
            name, value = line.split(": ", 1)
            self.headers[name] = value
        self.body = b""
        if self.status != 101:
            self.body = self.input.read(int(self.headers.get("Content-Length", 0)))

    def accepts(self):
        text = self.key + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
        wanted = base64.b64encode(hashlib.sha1(text.encode()).digest()).decode()
        return self.headers["Sec-WebSocket-Accept"] == wanted

    def frame(self):
        """The next one; None at the end."""
        head = self.input.read(2)
        if len(head) < 2:
            return None
        assert head[0] & 0x70 == 0 and head[1] & 0x80 == 0, "a server's frames are not masked"
        size = head[1] & 0x7f
        if size >= 126:
            size = int.from_bytes(self.input.read(2 if size == 126 else 8), "big")
        data = self.input.read(size)
        assert head[0] & 0x80, "in one piece"
        return Frame(head[0] & 15, data)

    def message(self):
        while (got := self.frame()) and got.opcode not in (TEXT, CLOSE):
            pass
        return got

    def send(self, opcode, data=b"", fin=True):
        mask = os.urandom(4)
        size = len(data)
        length = (struct.pack("!B", 0x80 | size) if size < 126 else
                  struct.pack("!BH", 0x80 | 126, size) if size < 65536 else
                  struct.pack("!BQ", 0x80 | 127, size))
        masked = bytes(b ^ mask[i % 4] for i, b in enumerate(data))
        self.raw(bytes([(0x80 if fin else 0) | opcode]) + length + mask + masked)

    def raw(self, data):
        self.socket.sendall(data)

    def close(self):
        self.socket.close()
        self.input.close()
