"""What the processes of a case talk to: a Redis, and a mail server without memory."""

from __future__ import annotations

import socketserver
import sys
import threading
from contextlib import contextmanager
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))

from tests.servers import free_port, redis_server

__all__ = ["free_port", "mail_server", "redis_server"]

ANSWERS = {b"DATA": b"354 go on", b"QUIT": b"221 good bye"}


class _Session(socketserver.StreamRequestHandler):
    """Enough of SMTP (RFC 5321) to take every message."""

    def handle(self) -> None:
        self._say(b"220 ready")
        is_body = False
        for line in self.rfile:
            verb = line[:4].upper()
            if is_body and line != b".\r\n":
                continue
            self._say(b"250 taken" if is_body else ANSWERS.get(verb, b"250 ok"))
            if verb == b"QUIT" and not is_body:
                return
            is_body = verb == b"DATA" and not is_body

    def _say(self, text: bytes) -> None:
        self.wfile.write(text + b"\r\n")


@contextmanager
def mail_server():
    """Yields its port on the loopback interface."""
    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), _Session) as server:
        server.daemon_threads = True
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server.server_address[1]
        server.shutdown()
