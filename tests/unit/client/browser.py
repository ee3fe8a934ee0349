"""A browser for the tests of the window: it asks as the page does, unless told otherwise."""

from __future__ import annotations

import http.client
import json
from dataclasses import dataclass
from urllib.parse import quote, urlencode

from aanleveren.settings import Settings

CHOSEN = {"dataset": "pmicd-interventie", "centre": "MCX", "name": "kwartaal 3.csv"}
SETTINGS = Settings(inbox="inbox-bucket", outbox="outbox-bucket")


@dataclass
class Answer:
    status: int
    headers: dict[str, str]
    content: bytes

    @property
    def told(self):
        return json.loads(self.content)


class Page:
    """The page in the browser: asks as a browser does, unless told otherwise."""

    def __init__(self, window):
        self.window = window
        self.port = window.server_port
        self.own = {
            "Host": f"127.0.0.1:{self.port}",
            "Origin": f"http://127.0.0.1:{self.port}",
            "Authorization": f"Bearer {window.token}",
        }

    def ask(self, method, path, asked=(), body=b"", **changes):
        """Ask; a header that is changed to None is not sent."""
        headers = self.own | {name.replace("_", "-"): value for name, value in changes.items()}
        query = f"?{urlencode(asked, quote_via=quote)}" if asked else ""
        line = http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)
        line.putrequest(method, path + query, skip_host=True, skip_accept_encoding=True)
        if method == "POST":
            headers.setdefault("Content-Length", str(len(body)))
        for name, value in headers.items():
            if value is not None:
                line.putheader(name, value)
        line.endheaders(body or None)
        answer = line.getresponse()
        given = Answer(answer.status, dict(answer.getheaders()), answer.read())
        line.close()
        return given

    def check(self, content, **changes):
        return self.ask("POST", "/check", CHOSEN | changes, content)
