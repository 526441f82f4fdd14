"""One kept connection to an ESP: anymail's backend with its session, and what its errors mean."""

import time
from collections.abc import Callable, Mapping
from typing import Any

import requests
import structlog
from anymail.exceptions import AnymailAPIError, AnymailError, AnymailRecipientsRefused
from anymail.message import AnymailMessage
from urllib3.exceptions import NameResolutionError, NewConnectionError

from delivery.providers.base import Receipt
from delivery.providers.esp import answers

log = structlog.get_logger(__name__)
IDLE_S = 20.0  # load balancers close idle connections after 60 s or more; a request on a closed one has no answer
_NEVER_CONNECTED = (requests.ConnectTimeout, requests.exceptions.SSLError, requests.exceptions.ProxyError)


class Line:
    """Used by one thread at a time."""

    def __init__(self, make: Callable[[], Any], account_codes: frozenset[str]) -> None:
        self._make = make
        self._account_codes = account_codes
        self._backend: Any = None
        self._used_at = 0.0

    def send(self, message: AnymailMessage, *, begin_before: float, connect_s: float, reply_s: float) -> Receipt:
        """Hand it over. No request is sent after `begin_before`: the connection has to stand by then."""
        left = begin_before - time.monotonic()
        if left <= 0:
            return answers.out_of_time()
        self._open()
        self._backend.timeout = (min(connect_s, left), reply_s)
        try:
            self._backend.send_messages([message])
        except AnymailRecipientsRefused as error:
            return self._recipient_refused(message, error)
        except AnymailError as error:
            return self._failed(error)
        finally:
            self._used_at = time.monotonic()
        return self._taken(message)

    def get(self, path: str, **question: Any) -> Any:
        """The JSON of a question about what was sent. Raises requests.RequestException, ValueError."""
        self._open()
        answer = self._backend.session.get(self._backend.api_url + path, **question)
        answer.raise_for_status()
        self._used_at = time.monotonic()
        return answer.json()

    def close(self) -> None:
        backend, self._backend = self._backend, None
        if backend is not None:
            backend.close()

    def _open(self) -> None:
        if self._backend is not None and time.monotonic() - self._used_at > IDLE_S:
            self.close()
        if self._backend is None:
            self._backend = self._make()
            self._backend.open()
            session = getattr(self._backend, "session", None)
            if isinstance(session, requests.Session):
                session.max_redirects = 0  # a message goes where the settings say, nowhere else

    def _taken(self, message: AnymailMessage) -> Receipt:
        (status,) = message.anymail_status.status or {"unknown"}
        if status in ("queued", "sent"):
            code = getattr(message.anymail_status.esp_response, "status_code", "")
            return answers.taken(str(code), str(message.anymail_status.message_id or ""))
        if status == "failed":
            code, _, body = response_of(message.anymail_status.esp_response)
            return answers.recipient_refused(status, str(code), " ".join(answers.sentences(body)))
        return answers.no_answer(f"its answer says neither yes nor no: {status}")

    def _recipient_refused(self, message: AnymailMessage, error: AnymailError) -> Receipt:
        (status,) = message.anymail_status.status
        code, _, body = response_of(error.response)
        words = " ".join(answers.sentences(body)) or f"recipient {status}"
        return answers.recipient_refused(status, f"{code} {answers.error_code(body)}".strip(), words)

    def _failed(self, error: AnymailError) -> Receipt:
        status, headers, body = response_of(getattr(error, "response", None))
        if 200 <= status < 300:
            return answers.no_answer("its answer makes no sense", str(status))
        if status:
            return answers.refused(status, headers, body, account_codes=self._account_codes)
        if isinstance(error, requests.RequestException):
            return self._broken(error)
        if isinstance(error, AnymailAPIError):
            return answers.no_answer(type(error.__cause__ or error).__name__)
        return answers.unwritable(f"{type(error).__name__}: {error.args[0] if error.args else ''}")

    def _broken(self, error: requests.RequestException) -> Receipt:
        cause = error.__cause__ or error
        if isinstance(cause, requests.TooManyRedirects) and cause.response is not None:
            return answers.refused(*response_of(cause.response), account_codes=self._account_codes)
        if (
            isinstance(error, requests.ConnectTimeout)
            or isinstance(cause, _NEVER_CONNECTED)
            or any(isinstance(reason, NewConnectionError | NameResolutionError) for reason in _reasons(cause))
        ):
            return answers.nobody_there(f"no connection: {type(cause).__name__}")
        self.close()
        return answers.no_answer(f"no answer: {type(cause).__name__}")


def _reasons(error: BaseException) -> list[Any]:
    """What requests wrapped: MaxRetryError carries the reason, others are arguments of one another."""
    found: list[Any] = []
    level: list[Any] = [error]
    while level:
        found += level
        level = [inner for one in level for inner in (*getattr(one, "args", ()), getattr(one, "reason", None))
                 if isinstance(inner, BaseException) and inner not in found]  # fmt: skip
    return found


def response_of(response: Any) -> tuple[int, Mapping[str, str], str]:
    """Status, headers and text of an answer, be it of requests or of botocore; status 0: there is none."""
    if isinstance(response, dict):
        about, error = response.get("ResponseMetadata", {}), response.get("Error", {})
        headers = {name.title(): value for name, value in about.get("HTTPHeaders", {}).items()}
        code, words = _plain(error.get("Code")), _plain(error.get("Message"))
        return about.get("HTTPStatusCode", 0), headers, f'{{"code": "{code}", "message": "{words}"}}'
    if response is None:
        return 0, {}, ""
    return response.status_code, response.headers, response.text[:5000]


def _plain(text: Any) -> str:
    return str(text or "").replace("\\", " ").replace('"', "'").replace("\n", " ")
