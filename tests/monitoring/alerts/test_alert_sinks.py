"""Sinks, told over real sockets: a web server, a mail server, a Delta table, the log."""

from __future__ import annotations

import json
import logging
import socketserver
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from email import message_from_bytes, policy
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from deltalake import DeltaTable

from goldlane.errors import UsageError
from goldlane.monitoring import AlertRule, DeltaSink, Email, LogSink, Webhook
from goldlane.monitoring.alerts import Alert, Notice, SinkError, shown_alerts

if TYPE_CHECKING:
    from conftest import Metrics

Answer = tuple[int, dict[str, str]]
OK: Answer = (200, {})
VARIABLE = "TEST_ALERT_WEBHOOK"
PATH = "/services/T0/B0/very-secret"


@dataclass
class Web:
    """A web server that answers as it is told, the last answer for ever."""

    url: str
    answers: list[Answer] = field(default_factory=lambda: [OK])
    bodies: list[Any] = field(default_factory=list)


@pytest.fixture
def web(monkeypatch: pytest.MonkeyPatch) -> Iterator[Web]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            found.bodies.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            code, headers = found.answers.pop(0) if len(found.answers) > 1 else found.answers[0]
            self.send_response(code)
            for name, value in headers.items():
                self.send_header(name, value)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    with serving(ThreadingHTTPServer(("127.0.0.1", 0), Handler)) as port:
        found = Web(url=f"http://127.0.0.1:{port}{PATH}")
        monkeypatch.setenv(VARIABLE, found.url)
        yield found


@contextmanager
def serving(server: socketserver.TCPServer) -> Iterator[int]:
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield server.server_address[1]
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


@pytest.fixture
def alert(metrics: Metrics) -> Alert:
    rule = AlertRule(name="shift <b>", measure="ks", severity="critical")  # type: ignore[arg-type]
    (found,) = shown_alerts("payments", [rule], metrics.ks([0.01, 0.5]).rows, metrics.end)
    return found


@pytest.fixture
def notice(alert: Alert) -> Notice:
    over = replace(alert, id="over", status=type(alert.status).RESOLVED, resolved_at=alert.opened_at)
    return Notice(table="payments", alerts=(over, alert), at=alert.opened_at)


def webhook(**changes: Any) -> Webhook:
    return Webhook(**{"url_variable": VARIABLE, "backoff_s": 0.01, "timeout_s": 5.0, **changes})


def test_slack_gets_text_and_sections_without_markup_of_ours(web: Web, notice: Notice) -> None:
    webhook().tell(notice)

    (body,) = web.bodies
    assert body["text"] == "payments: 1 alert open, 1 alert resolved"
    assert [block["type"] for block in body["blocks"]] == ["section", "section"]
    told = body["blocks"][1]["text"]["text"]
    assert "• CRITICAL shift &lt;b&gt;: column amount" in told
    assert told.index("CRITICAL") < told.index("RESOLVED")


def test_teams_gets_an_adaptive_card(web: Web, notice: Notice) -> None:
    webhook(shape="teams").tell(notice)

    (attachment,) = web.bodies[0]["attachments"]
    assert attachment["contentType"] == "application/vnd.microsoft.card.adaptive"
    assert [block["text"][:12] for block in attachment["content"]["body"]] == ["payments: 1 ", "CRITICAL shi", "RESOLVED shi"]


def test_a_program_gets_every_field(web: Web, notice: Notice, alert: Alert) -> None:
    webhook(shape="json").tell(notice)

    (told,) = (each for each in web.bodies[0]["alerts"] if each["id"] == alert.id)
    assert (told["alert"], told["column"], told["value"], told["window"]["start"]) == ("shift <b>", "amount", 0.5, "2026-01-03T00:00:00Z")


@pytest.mark.parametrize("shape", ["slack", "teams"])
def test_a_thousand_alerts_are_one_message_that_chat_services_take(web: Web, notice: Notice, alert: Alert, shape: str) -> None:
    many = tuple(replace(alert, id=str(number), message="long " * 500) for number in range(1000))

    webhook(shape=shape).tell(replace(notice, alerts=many))

    text = json.dumps(web.bodies[0])
    assert "and 980 more: goldlane monitor payments --json" in text
    assert len(text) < 28_000
    assert all(len(block["text"]["text"]) <= 3000 for block in web.bodies[0].get("blocks", ()))


@pytest.mark.parametrize("first", [(503, {}), (429, {"Retry-After": "0"})], ids=["503", "429"])
def test_what_may_pass_is_tried_again(web: Web, notice: Notice, first: Answer) -> None:
    web.answers = [first, OK]

    webhook(backoff_s=5.0 if first[1] else 0.01).tell(notice)

    assert len(web.bodies) == 2


def test_after_the_last_attempt_the_failure_names_the_host_and_no_more_of_the_address(web: Web, notice: Notice) -> None:
    web.answers = [(500, {})]

    with pytest.raises(SinkError, match=r"sink 'webhook': the server answered 500 \(127.0.0.1, attempt 3 of 3\)") as told:
        webhook().tell(notice)

    assert (len(web.bodies), "secret" in str(told.value)) == (3, False)


@pytest.mark.parametrize("answer", [(404, {}), (302, {"Location": "http://elsewhere.invalid/"})], ids=["404", "redirect"])
def test_what_will_not_pass_is_not_tried_again(web: Web, notice: Notice, answer: Answer) -> None:
    web.answers = [answer]

    with pytest.raises(SinkError, match=f"answered {answer[0]} .*attempt 1 of 3"):
        webhook().tell(notice)


def test_a_server_that_is_silent_costs_the_timeout_only(notice: Notice, monkeypatch: pytest.MonkeyPatch) -> None:
    held = threading.Event()

    class Silent(socketserver.BaseRequestHandler):
        def handle(self) -> None:
            held.wait(5)

    class Server(socketserver.ThreadingTCPServer):
        daemon_threads = True
        block_on_close = False

    with serving(Server(("127.0.0.1", 0), Silent)) as port:
        monkeypatch.setenv(VARIABLE, f"http://127.0.0.1:{port}/secret")
        with pytest.raises(SinkError, match=r"no answer in time .*attempt 2 of 2"):
            webhook(timeout_s=0.05, attempts=2).tell(notice)
        held.set()


@pytest.mark.parametrize(
    "value, complaint",
    [
        (None, f"the environment variable {VARIABLE} is not set"),
        ("hooks.example.com/secret", f"{VARIABLE} holds no http:// or https:// address"),
        ("file:///etc/secret", "holds no http:// or https:// address"),
        ("http://127.0.0.1:1/secret", "Connection refused"),
    ],
    ids=["unset", "no scheme", "a file", "nobody there"],
)
def test_an_address_that_cannot_be_used_is_told_without_repeating_it(
    notice: Notice, monkeypatch: pytest.MonkeyPatch, value: str | None, complaint: str
) -> None:
    monkeypatch.delenv(VARIABLE, raising=False)
    if value is not None:
        monkeypatch.setenv(VARIABLE, value)

    with pytest.raises(SinkError) as told:
        webhook(attempts=1).tell(notice)

    assert complaint in str(told.value)
    assert "/secret" not in str(told.value)


def test_every_mistake_of_a_webhook_is_told_at_once() -> None:
    with pytest.raises(UsageError) as told:
        Webhook(url_variable="https://hooks.slack.com/x", shape="irc", timeout_s=0, attempts=0, backoff_s=-1)

    for mistake in ("name of an environment variable", "unknown shape 'irc'", "timeout_s must be", "attempts must be", "backoff_s must be"):
        assert mistake in str(told.value)


class Mail(socketserver.StreamRequestHandler):
    """Enough of SMTP: it takes mail for example.com, offers a login, and refuses every password."""

    def handle(self) -> None:
        self._say("220 here")
        for line in self.rfile:
            word = line.split()[0].upper().decode()
            if word == "DATA":
                self._say("354 go on")
                self._keep()
            elif word == "QUIT":
                self._say("221 bye")
                return
            elif word == "RCPT" and b"example.com" not in line:
                self._say("550 no such user")
            else:
                self._say({"EHLO": "250-here\r\n250 AUTH PLAIN", "AUTH": f"535 wrong: {line.decode().strip()}"}.get(word, "250 fine"))

    def _keep(self) -> None:
        lines = []
        while (line := self.rfile.readline()) != b".\r\n":
            lines.append(line)
        self.server.letters.append(b"".join(lines))  # type: ignore[attr-defined]
        self._say("250 taken")

    def _say(self, text: str) -> None:
        self.wfile.write(f"{text}\r\n".encode())


@pytest.fixture
def mail() -> Iterator[tuple[Callable[..., Email], list[bytes]]]:
    server = socketserver.ThreadingTCPServer(("127.0.0.1", 0), Mail)
    letters: list[bytes] = []
    server.letters = letters  # type: ignore[attr-defined]
    with serving(server) as port:

        def email(*recipients: str, **changes: Any) -> Email:
            about = {"host": "127.0.0.1", "port": port, "sender": "lane@example.com", "security": "none"}
            return Email(**{**about, "recipients": recipients, **changes})

        yield email, letters


def test_a_letter_says_everything_in_plain_text(mail: tuple[Callable[..., Email], list[bytes]], notice: Notice) -> None:
    email, letters = mail

    email("ops@example.com", "data@example.com").tell(notice)

    letter = message_from_bytes(letters[0], policy=policy.default)
    assert (letter["Subject"], letter["To"]) == ("payments: 1 alert open, 1 alert resolved", "ops@example.com, data@example.com")
    assert "- CRITICAL shift <b>: column amount" in letter.get_content()  # type: ignore[attr-defined]


def test_one_address_that_is_refused_keeps_nobody_else_from_being_written_to(
    mail: tuple[Callable[..., Email], list[bytes]], notice: Notice, caplog: pytest.LogCaptureFixture
) -> None:
    email, letters = mail

    email("ops@example.com", "gone@example.net").tell(notice)

    assert len(letters) == 1
    assert "takes no mail for gone@example.net" in caplog.text
    with pytest.raises(SinkError, match=r"takes mail for none of gone@example.net"):
        email("gone@example.net").tell(notice)


def test_a_password_is_never_sent_in_the_clear(
    mail: tuple[Callable[..., Email], list[bytes]], notice: Notice, monkeypatch: pytest.MonkeyPatch
) -> None:
    email, letters = mail
    monkeypatch.setenv("MAIL_USER", "lane")
    monkeypatch.setenv("MAIL_PASSWORD", "hunter2")
    login = {"user_variable": "MAIL_USER", "password_variable": "MAIL_PASSWORD"}

    with pytest.raises(UsageError, match="a password is not sent without encryption"):
        email("ops@example.com", **login)
    with pytest.raises(SinkError, match="the server cannot do that") as told:
        email("ops@example.com", security="starttls", **login).tell(notice)

    assert ("hunter2" in str(told.value), letters) == (False, [])


def test_a_mail_server_that_is_not_there_is_named(notice: Notice) -> None:
    with pytest.raises(SinkError, match=r"sink 'email': 127.0.0.1:1: Connection refused"):
        Email(host="127.0.0.1", port=1, sender="a@example.com", recipients=("b@example.com",), security="none").tell(notice)


def test_every_mistake_of_a_letter_is_told_at_once() -> None:
    with pytest.raises(UsageError) as told:
        Email(host="h", sender="lane", recipients=("a@b\r\nBcc: c@d",), security="ssl", user_variable="U")

    for mistake in ("unknown security 'ssl'", "'lane' is no e-mail address", "Bcc: c@d' is no e-mail", "are given both or not at all"):
        assert mistake in str(told.value)


def test_a_delta_table_gets_one_row_per_opening_and_per_end(tmp_path: Path, notice: Notice) -> None:
    sink = DeltaSink(path=tmp_path / "told")

    sink.tell(notice)
    sink.tell(notice)

    rows = DeltaTable(tmp_path / "told").to_pyarrow_table().sort_by("status").to_pylist()
    assert [(row["status"], row["rule"], row["column_name"], row["threshold"]) for row in rows] == [
        ("OPEN", "shift <b>", "amount", 0.1),
        ("RESOLVED", "shift <b>", "amount", 0.1),
    ]


def test_a_table_that_cannot_be_written_is_a_failure_of_the_sink(tmp_path: Path, notice: Notice) -> None:
    (tmp_path / "file").touch()

    with pytest.raises(SinkError, match=r"sink 'delta': .* cannot be written"):
        DeltaSink(path=tmp_path / "file" / "told").tell(notice)


def test_the_log_tells_an_open_alert_at_its_severity(notice: Notice, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO, logger="goldlane.monitoring"):
        LogSink().tell(notice)

    assert [(record.levelname, record.getMessage()[:25]) for record in caplog.records] == [
        ("INFO", "payments: RESOLVED shift "),
        ("CRITICAL", "payments: OPEN shift <b>:"),
    ]
