"""What a person sees of the local stack in a browser: where everything is, and the mail."""

from pathlib import Path

import uvicorn
from jinja2 import Environment, FileSystemLoader
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response
from starlette.routing import Route

from local.mail import Mailbox

PAGES = Environment(loader=FileSystemLoader(Path(__file__).parent / "pages"), autoescape=True)
PAGE_HEADERS = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; frame-src 'self'",
    "X-Content-Type-Options": "nosniff",
}
# A mail is shown as its reader would see it, but it can run nothing and fetch nothing.
MAIL_HEADERS = {
    **PAGE_HEADERS,
    "Content-Security-Policy": "sandbox; default-src 'none'; style-src 'unsafe-inline'",
}


def application(mailbox: Mailbox, places: dict[str, str]) -> Starlette:
    """Build the pages over a mailbox; this will name the `places` on the landing page."""

    def landing(request: Request) -> Response:
        del request
        return _page("landing.html", places=places)

    def mail_list(request: Request) -> Response:
        del request
        return JSONResponse(mailbox.mails(), headers={"Cache-Control": "no-store"})

    def viewer(request: Request) -> Response:
        del request
        return _page("mail.html", mails=list(enumerate(mailbox.mails()))[::-1])

    def mail_body(request: Request) -> Response:
        mails, number = mailbox.mails(), request.path_params["number"]
        if number >= len(mails):
            return HTMLResponse("Dit bericht is er niet.", status_code=404, headers=PAGE_HEADERS)
        return HTMLResponse(mails[number]["html"], headers=MAIL_HEADERS)

    return Starlette(
        routes=[
            Route("/", landing),
            Route("/mail", mail_list),
            Route("/postvak", viewer),
            Route("/postvak/{number:int}", mail_body),
        ],
        # Only a browser that typed this address gets an answer, not a page that resolved to it.
        middleware=[Middleware(TrustedHostMiddleware, allowed_hosts=["127.0.0.1", "localhost"])],
    )


def server(app: Starlette, port: int) -> uvicorn.Server:
    """Make the web server of the pages; this will listen on this machine only."""
    return uvicorn.Server(
        uvicorn.Config(app, host="127.0.0.1", port=port, log_level="warning", lifespan="off")
    )


def _page(name: str, **values: object) -> HTMLResponse:
    return HTMLResponse(PAGES.get_template(name).render(**values), headers=PAGE_HEADERS)
