"""Alerts by e-mail."""

from __future__ import annotations

import logging
import smtplib
import ssl
from collections.abc import Iterator
from dataclasses import dataclass
from email.message import EmailMessage
from email.utils import format_datetime, make_msgid

from goldlane.monitoring.alerts.sinks.secrets import secret
from goldlane.monitoring.alerts.sinks.sink import Notice, SinkError
from goldlane.monitoring.errors import MonitorDeclarationError

_LOG = logging.getLogger("goldlane.monitoring")
_SECURITY = ("starttls", "tls", "none")


@dataclass(frozen=True, slots=True, kw_only=True)
class Email:
    """One message per refresh, through an SMTP server; ``security`` is ``starttls``, ``tls`` or ``none``.

    ``user_variable`` and ``password_variable`` name environment variables; without them nobody logs in. A password is never sent without
    encryption.

    Raises:
        MonitorDeclarationError: all mistakes at once.
    """

    host: str
    sender: str
    recipients: tuple[str, ...]
    port: int = 587
    security: str = "starttls"
    user_variable: str | None = None
    password_variable: str | None = None
    name: str = "email"
    timeout_s: float = 20.0

    def __post_init__(self) -> None:
        given = (self.recipients,) if isinstance(self.recipients, str) else tuple(self.recipients)
        object.__setattr__(self, "recipients", given)
        mistakes = list(_mistakes(self))
        if mistakes:
            raise MonitorDeclarationError(f"e-mail sink {self.name!r}", mistakes)

    def tell(self, notice: Notice) -> None:
        """Send the notice.

        Raises:
            SinkError: the server could not be reached, or refused; what it said is not repeated when it was asked to log in.
        """
        user = secret(self.user_variable, self.name) if self.user_variable else None
        password = secret(self.password_variable, self.name) if self.password_variable else None
        try:
            with self._connected() as server:
                if user is not None and password is not None:
                    server.login(user, password)
                refused = server.send_message(self._message(notice))
        except smtplib.SMTPAuthenticationError as error:
            raise SinkError(f"sink {self.name!r}: {self.host} does not let us log in (code {error.smtp_code})") from None
        except smtplib.SMTPRecipientsRefused as error:
            raise SinkError(f"sink {self.name!r}: {self.host} takes mail for none of {', '.join(error.recipients)}") from None
        except (smtplib.SMTPException, OSError) as error:
            raise SinkError(f"sink {self.name!r}: {self.host}:{self.port}: {_cause(error)}") from None
        if refused:
            # Told again, the others would get it twice.
            _LOG.warning("sink %r: %s takes no mail for %s; the others were written to", self.name, self.host, ", ".join(refused))

    def _connected(self) -> smtplib.SMTP:
        if self.security == "tls":
            return smtplib.SMTP_SSL(self.host, self.port, timeout=self.timeout_s, context=ssl.create_default_context())
        server = smtplib.SMTP(self.host, self.port, timeout=self.timeout_s)
        if self.security == "starttls":
            try:
                server.starttls(context=ssl.create_default_context())
            except BaseException:
                server.close()
                raise
        return server

    def _message(self, notice: Notice) -> EmailMessage:
        message = EmailMessage()
        message["Subject"] = " ".join(notice.title.split())
        message["From"], message["To"] = self.sender, ", ".join(self.recipients)
        message["Date"] = format_datetime(notice.at)
        message["Message-ID"] = make_msgid(domain=self.sender.rpartition("@")[2])
        message.set_content("\n".join([notice.title, "", *(f"- {line}" for line in notice.lines), ""]))
        return message


def _cause(error: Exception) -> str:
    """What went wrong; what a server says may repeat what it was sent."""
    if isinstance(error, smtplib.SMTPResponseException):
        return f"{type(error).__name__}, code {error.smtp_code}"
    if isinstance(error, smtplib.SMTPNotSupportedError):
        return "the server cannot do that (STARTTLS or log in); choose another security"
    return (error.strerror if isinstance(error, OSError) else None) or type(error).__name__


def _mistakes(email: Email) -> Iterator[str]:
    if email.security not in _SECURITY:
        yield f"unknown security {email.security!r}; it is one of {', '.join(_SECURITY)}"
    for address in (email.sender, *email.recipients):
        if not isinstance(address, str) or "@" not in address or any(sign in address for sign in "\r\n"):
            yield f"{address!r} is no e-mail address"
    if not email.recipients:
        yield "recipients are missing"
    if (email.user_variable is None) != (email.password_variable is None):
        yield "user_variable and password_variable are given both or not at all"
    if email.user_variable is not None and email.security == "none":
        yield "a password is not sent without encryption; set security to 'starttls' or 'tls'"
