"""A page in the user's own browser that asks for one value, where who wants it set must not see it.

MCP forbids forms in the client for secrets, since what is typed there goes through it. What is typed into a page that this
process serves does not. It is on 127.0.0.1 only, under a random path, for one answer and some minutes. Whoever knows the path
can answer in the user's place, and learns nothing: no value goes out.
"""

from __future__ import annotations

import hmac
import html
import secrets
import socketserver
import threading
from collections.abc import Mapping
from http.server import BaseHTTPRequestHandler
from urllib.parse import parse_qs

from gitenv.errors import printable

_MOST = 1024 * 1024  # bytes of a value, of which each may take three
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


_ANSWERED = "<p>That is answered. You can close this page."


class ValuePage:
    """One question to a person. `answer` is None until there is one, and "" where they refuse."""

    def __init__(self, about: Mapping[str, str]) -> None:
        self.question = "\n".join(f"{what:12}{printable(said)}" for what, said in about.items())
        self.answer: str | None = None
        self._path = f"/{secrets.token_urlsafe(32)}"
        self._server = _Server(self)
        threading.Thread(target=self._server.serve_forever, args=(0.1,), daemon=True).start()

    @property
    def url(self) -> str:
        """Where it is. Only for the user."""
        return f"http://{self._host}{self._path}"

    @property
    def _host(self) -> str:
        return f"127.0.0.1:{self._server.server_address[1]}"

    def is_at(self, host: str, path: str) -> bool:
        """Whether a browser means this page. A site whose name suddenly leads here names another host."""
        return host == self._host and hmac.compare_digest(path.encode(), self._path.encode())

    def close(self) -> None:
        """Serve it no more."""
        self._server.shutdown()
        self._server.server_close()


class _Server(socketserver.ThreadingTCPServer):
    daemon_threads = True

    def __init__(self, page: ValuePage) -> None:
        self.page = page
        super().__init__(("127.0.0.1", 0), _Handler)


class _Handler(BaseHTTPRequestHandler):
    server: _Server
    timeout = _PATIENCE

    def do_GET(self) -> None:
        """Show the question."""
        if self._is_ours():
            page = self.server.page
            self._say(_FORM.format(html.escape(page.question)) if page.answer is None else _ANSWERED)

    def do_POST(self) -> None:
        """Take the answer, once."""
        if not self._is_ours():
            return
        size = self.headers.get("Content-Length", "")
        if not (size.isdecimal() and int(size) <= 3 * _MOST + 100):
            self._say("<p>That is too long for a value.", 413)
            return
        given = parse_qs(self.rfile.read(int(size)).decode("ascii", "replace"), keep_blank_values=True)
        value = given.get("value", [""])[0].replace("\r\n", "\n")  # as forms send the ends of lines
        refuses = given.get("do") != ["set"]
        if not value and not refuses:
            self._say("<p>No value came. Go back, and type one.", 400)
            return
        if self.server.page.answer is None:
            self.server.page.answer = "" if refuses else value
        self._say(_ANSWERED)

    def _is_ours(self) -> bool:
        is_it = self.server.page.is_at(self.headers.get("Host", ""), self.path)
        if not is_it:
            self._say("<p>There is nothing here.", 404)
        return is_it

    def _say(self, text: str, status: int = 200) -> None:
        data = _PAGE.format(text).encode()
        self.send_response(status)
        for name, value in {**_HEADERS, "Content-Length": str(len(data))}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        """Nothing: a path is as good as the right to answer."""
