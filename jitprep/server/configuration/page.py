"""The page of `jitprep play` in a server: its token, and the mounts as its places."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from jitprep.playground.page_server import PageServer
    from jitprep.playground.places import Place
    from jitprep.server.configuration.settings import ServerSettings

# The parent prints the token, and its worker asks for it.
_TOKEN_VARIABLE = "JITPREP_PLAY_TOKEN"  # noqa: S105  a variable's name


def share_token() -> None:
    """Make the token that a later worker has too. Raises as `page_of` does."""
    try:
        from jitprep.playground.guard import new_token  # noqa: PLC0415  an extra
    except ModuleNotFoundError as error:
        raise ValueError(
            f"the page of jitprep play needs {error.name}, which is not installed: "
            "pip install 'jitprep[server,play]'"
        ) from None
    os.environ[_TOKEN_VARIABLE] = new_token()


def page_of(settings: ServerSettings) -> PageServer | None:
    """Return the page, if the settings have it."""
    if not settings.play:
        return None
    from jitprep.playground.page_server import PageServer  # noqa: PLC0415  few servers have it

    def places() -> list[Place]:
        from jitprep.playground.places import Place  # noqa: PLC0415  at the first look

        mounts = settings.mounts.values()
        return [Place(each.name, each.url, lambda each=each: each.source) for each in mounts]  # type: ignore[misc]

    hosts = () if settings.domain is None else (settings.domain,)
    return PageServer(places, hosts, os.environ.get(_TOKEN_VARIABLE))
