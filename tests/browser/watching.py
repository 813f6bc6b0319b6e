"""What must not happen on the page while it is used, whatever a test looks at."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from playwright.sync_api import ConsoleMessage, Dialog, Page, Request, Response

# A question that the page gives up, since a newer one replaces it.
_GIVEN_UP = "net::ERR_ABORTED"
# What the browser says of an answer that is an error. The answer itself is judged by its status.
_FAILED = "Failed to load resource"
# Violations of the content security policy, as the browser reports them to the page.
_VIOLATIONS = """
document.addEventListener("securitypolicyviolation", (event) => {
  console.error(`policy violated: ${event.violatedDirective} ${event.blockedURI} ${event.sample}`);
});
"""


@dataclass
class Watched:
    """What went wrong on a page.

    Parameters
    ----------
    refusals : set of int
        Statuses that answers of errors may have, since the test asks for what is refused.
    problems : list of str
    """

    refusals: set[int] = field(default_factory=set)
    problems: list[str] = field(default_factory=list)

    def _said(self, message: ConsoleMessage) -> None:
        if message.type == "error" and not message.text.startswith(_FAILED):
            self.problems.append(f"console: {message.text}")

    def _answered(self, response: Response) -> None:
        if response.status >= 400 and response.status not in self.refusals:
            self.problems.append(f"{response.status} of {response.url}")

    def _unanswered(self, request: Request) -> None:
        if request.failure != _GIVEN_UP:
            self.problems.append(f"{request.failure} of {request.url}")

    def _asked(self, dialog: Dialog) -> None:
        self.problems.append(f"dialog: {dialog.message}")
        dialog.dismiss()  # the page waits for it

    def follow(self, page: Page) -> None:
        """Note from now on what goes wrong on a page."""
        page.add_init_script(_VIOLATIONS)
        page.on("pageerror", lambda error: self.problems.append(f"script: {error}"))
        page.on("dialog", self._asked)
        page.on("crash", lambda _: self.problems.append("the page crashed"))
        page.on("console", self._said)
        page.on("response", self._answered)
        page.on("requestfailed", self._unanswered)


@contextmanager
def watching(page: Page) -> Iterator[Watched]:
    """Fail at the end if anything went wrong on the page."""
    watched = Watched()
    watched.follow(page)
    yield watched
    if not page.is_closed():
        page.wait_for_timeout(50)  # what the last action began
    assert not watched.problems, "\n".join(watched.problems)
