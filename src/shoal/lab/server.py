"""Guarantee: the lab listens on this machine alone, and answers nobody but the page it gave out.

The first link holds a secret, which becomes a cookie that scripts cannot read. Every request must
name this machine as its host, and any that asks for an answer must come from the page itself;
nothing is changed by opening an address.
"""

import json
import secrets
from html import escape
from importlib.resources import files

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.middleware.base import (
    BaseHTTPMiddleware,
    DispatchFunction,
    RequestResponseEndpoint,
)
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, RedirectResponse, Response
from starlette.routing import Route

from shoal.lab.answers import Answers
from shoal.lab.material import MOST_BYTES

HOST = "127.0.0.1"
MOST_IN_A_REQUEST = MOST_BYTES * 4 // 3 + 2**16  # a table in base64
MEDIA_TYPES = {
    "index.html": "text/html; charset=utf-8",
    "app.js": "text/javascript; charset=utf-8",
    "app.css": "text/css; charset=utf-8",
}
HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:;"
        " connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    ),
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "Cache-Control": "no-store",
}


REFUSAL = """<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<meta name="color-scheme" content="light dark">
<title>Shoal lab</title>
<h1>Shoal lab</h1>
<p>This page cannot be opened: {}.</p>
<p>The link stands in the terminal, below the command <code>shoal lab</code>. It is good until that
command ends; each start prints a new one.</p>
</html>
"""


class Gate:
    """Who may ask what.

    Parameters
    ----------
    port : int
    token : str
        The secret of the first link.
    """

    def __init__(self, port: int, token: str) -> None:
        self.port, self.token = port, token
        self.hosts = {f"{name}:{port}" for name in (HOST, "localhost")}
        self.origins = {f"http://{host}" for host in self.hosts}
        self.cookie = f"shoal-lab-{port}"  # cookies are shared by all ports of a host

    @property
    def link(self) -> str:
        """The first link."""
        return f"http://{HOST}:{self.port}/?token={self.token}"

    def check_host(self, request: Request) -> None:
        """Refuse a request that names another host, as a rebound name would."""
        if request.headers.get("host", "") not in self.hosts:
            raise HTTPException(403, "this lab is not at that host")

    def check_token(self, request: Request) -> None:
        """Refuse a request without the secret."""
        if not self._same(request.cookies.get(self.cookie, "")):
            raise HTTPException(403, "open the link that shoal lab printed: it has the secret")

    def check_origin(self, request: Request) -> None:
        """Refuse a question that another page asks."""
        if request.headers.get("origin", "") not in self.origins:
            raise HTTPException(403, "only the lab's own page may ask")

    def enter(self, request: Request) -> Response:
        """Take the secret of the first link, and go on without it in the address."""
        if not self._same(request.query_params["token"]):
            raise HTTPException(403, "this link is of another lab: open the one that it printed")
        answer = RedirectResponse("/", 303)
        answer.set_cookie(self.cookie, self.token, httponly=True, samesite="lax", path="/")
        return answer

    def _same(self, token: str) -> bool:
        return secrets.compare_digest(token.encode(), self.token.encode())


def make_app(answers: Answers, gate: Gate) -> Starlette:
    """Return the web application of a lab."""

    async def page(request: Request) -> Response:
        if "token" in request.query_params:
            return gate.enter(request)
        gate.check_token(request)
        return _file("index.html")

    async def file(request: Request) -> Response:
        gate.check_token(request)
        return _file(request.url.path.removeprefix("/"))

    async def ask(request: Request) -> Response:
        gate.check_origin(request)
        gate.check_token(request)
        kind = request.path_params["kind"]
        if kind not in answers.kinds:
            raise HTTPException(404, f"nothing is known of {kind}")
        if not request.headers.get("content-type", "").startswith("application/json"):
            raise HTTPException(415, "a question must be JSON")
        return await run_in_threadpool(_answer, answers, kind, await _body(request))

    routes = [
        Route("/", page),
        *(Route(f"/{name}", file) for name in MEDIA_TYPES if name != "index.html"),
        Route("/api/{kind}", ask, methods=["POST"]),
    ]

    return Starlette(
        routes=routes,
        exception_handlers={HTTPException: _refuse},
        middleware=[Middleware(BaseHTTPMiddleware, dispatch=_guarded(gate))],
    )


def _guarded(gate: Gate) -> DispatchFunction:
    async def guarded(request: Request, call_next: RequestResponseEndpoint) -> Response:
        try:
            gate.check_host(request)
            answer = await call_next(request)
        except HTTPException as error:
            answer = await _refuse(request, error)
        answer.headers.update(HEADERS)
        return answer

    return guarded


def _file(name: str) -> Response:
    content = (files("shoal.lab") / "static" / name).read_bytes()
    return Response(content, media_type=MEDIA_TYPES[name])


def _answer(answers: Answers, kind: str, body: bytes) -> Response:
    try:
        question = json.loads(body)
    except (ValueError, RecursionError):
        return JSONResponse({"error": "the question is no JSON"}, 400)
    good, answer = answers.answer(kind, question)
    return JSONResponse(answer, 200 if good else 400)


async def _body(request: Request) -> bytes:
    """Read a question, and stop where it is too large: what it says of its size may be wrong."""
    body = bytearray()
    async for piece in request.stream():
        body += piece
        if len(body) > MOST_IN_A_REQUEST:
            raise HTTPException(413, f"that is too large: at most {MOST_BYTES >> 20} MiB a table")
    return bytes(body)


async def _refuse(request: Request, error: Exception) -> Response:
    """Say what is wrong: to a person who opened an address in words, to the page as it asks."""
    assert isinstance(error, HTTPException)
    if request.method == "GET" and "text/html" in request.headers.get("accept", ""):
        return HTMLResponse(REFUSAL.format(escape(error.detail)), error.status_code)
    return JSONResponse({"error": error.detail}, error.status_code)
