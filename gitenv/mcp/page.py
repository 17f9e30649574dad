"""A page in the user's own browser that asks for one value, where who wants it set must not see it.

MCP forbids forms in the client for secrets, since what is typed there goes through it. What is typed into a page that this
process serves does not. It is on 127.0.0.1 only, under a random path, for one answer and some minutes. Whoever knows the path
can answer in the user's place, and learns nothing: no value goes out. A browser is started with the path in its command line,
which every user of the machine can read; so other users' programs get no answer, where the system tells whose they are.

One port serves all pages for as long as the process lives. If it were given up, another user's program could take it, and get
what somebody types into a page that was asked for too long ago.
"""

from __future__ import annotations

import functools
import hmac
import html
import secrets
import socketserver
import threading
import time
from collections.abc import Mapping
from http.server import BaseHTTPRequestHandler
from typing import Any
from urllib.parse import parse_qs

from gitenv.errors import printable
from gitenv.system import peers

_MOST = 1024 * 1024  # bytes of a value, of which each may take three
_MOST_AT_ONCE = 32  # connections; a browser makes some that it never uses
_PATIENCE = 30  # seconds for a browser that says nothing
_HEADERS = {
    "Content-Type": "text/html; charset=utf-8",
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'; frame-ancestors 'none'",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "Connection": "close",
}
_PAGE = """<!doctype html><html lang="en"><meta charset="utf-8"><title>gitenv</title>
<style>body{{font:16px system-ui;max-width:40em;margin:3em auto;padding:0 1em}}pre{{white-space:pre-wrap}}
textarea{{width:100%;-webkit-text-security:disc}}</style>{}"""
_FORM = """<h1>gitenv set</h1><p>A coding agent asks you to set this value. It does not get to see it.</p><pre>{}</pre>
<form method="post"><textarea name="value" rows="3" autofocus spellcheck="false" autocomplete="off"></textarea>
<p><button name="do" value="set">Set it</button> <button name="do" value="refuse">Refuse</button></p></form>"""
_ANSWERED = "<p>That is answered, and the agent learns whether it is set. You can close this page."
_OVER = "<p>Nothing is asked here, or no more. You can close this page."
_TOO_LATE = "<p>Nobody waits for this any more, so nothing is set. You can close this page."


class ValuePage:
    """One question to a person, for some seconds. `answer` is None until there is one, and "" where they refuse."""

    def __init__(self, about: Mapping[str, str], seconds: float) -> None:
        self.question = "\n".join(f"{what:14}{printable(said)}" for what, said in about.items())
        self.answer: str | None = None
        self._until = time.monotonic() + seconds
        self._path = f"/{secrets.token_urlsafe(32)}"
        _server().pages[self._path] = self

    @property
    def url(self) -> str:
        """Where it is. Only for the user."""
        return f"http://{_server().host}{self._path}"

    @property
    def is_over(self) -> bool:
        """Whether nobody waits for the answer any more."""
        return time.monotonic() > self._until

    def close(self) -> None:
        """Serve it no more."""
        _server().pages.pop(self._path, None)


class _Server(socketserver.ThreadingTCPServer):
    daemon_threads = True
    request_queue_size = 128  # with five, the next one is tried again after a second, and then after more

    def __init__(self) -> None:
        self.pages: dict[str, ValuePage] = {}
        self._free = threading.Semaphore(_MOST_AT_ONCE)
        super().__init__(("127.0.0.1", 0), _Handler)

    @property
    def host(self) -> str:
        return f"127.0.0.1:{self.server_address[1]}"

    def page(self, host: str, path: str) -> ValuePage | None:
        """The page that a browser means. A site whose name suddenly leads here names another host."""
        found = [page for known, page in [*self.pages.items()] if hmac.compare_digest(path.encode(), known.encode())]
        return found[0] if found and host == self.host and not found[0].is_over else None

    def verify_request(self, request: Any, client_address: tuple[str, int]) -> bool:
        """Whether a connection is served."""
        return not peers.is_anothers(client_address, request.getsockname()) and self._free.acquire(blocking=False)

    def process_request_thread(self, request: Any, client_address: Any) -> None:
        """Serve it, and make room for another one."""
        try:
            super().process_request_thread(request, client_address)
        finally:
            self._free.release()

    def handle_error(self, request: object, client_address: object) -> None:
        """Nothing: a browser went away."""


@functools.cache
def _server() -> _Server:
    made = _Server()
    threading.Thread(target=made.serve_forever, daemon=True).start()
    return made


class _Handler(BaseHTTPRequestHandler):
    server: _Server
    timeout = _PATIENCE

    def do_GET(self) -> None:
        """Show the question."""
        if page := self._page():
            self._say(_FORM.format(html.escape(page.question)) if page.answer is None else _ANSWERED)

    def do_POST(self) -> None:
        """Take the answer, once, and lead on: who loads the page again sends it to nobody."""
        if not (page := self._page()):
            return
        size = self.headers.get("Content-Length", "")
        if not (size.isdecimal() and len(size) < 10 and int(size) <= 3 * _MOST + 100):
            self._say("<p>That is too long for a value.", 413)
            return
        given = parse_qs(self.rfile.read(int(size)).decode("ascii", "replace"), keep_blank_values=True)
        value = given.get("value", [""])[0].replace("\r\n", "\n")  # as forms send the ends of lines
        refuses = given.get("do") != ["set"]
        if not value and not refuses:
            self._say("<p>No value came. Go back, and type one.", 400)
            return
        if page.answer is None:
            page.answer = "" if refuses else value
        self._say(_ANSWERED, 303)

    def _page(self) -> ValuePage | None:
        if not (found := self.server.page(self.headers.get("Host", ""), self.path)):
            self._say(_TOO_LATE if self.command == "POST" else _OVER, 404)
        return found

    def _say(self, text: str, status: int = 200) -> None:
        data = _PAGE.format(text).encode()
        leads_on = {"Location": self.path} if status == 303 else {}
        self.send_response(status)
        for name, value in {**_HEADERS, **leads_on, "Content-Length": str(len(data))}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        """Nothing: a path is as good as the right to answer."""
