"""Settings of the function that `jitprep up` runs, from its options and the environment."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path

from jitprep.cli.console import fail
from jitprep.emulator import EndpointError
from jitprep.service import config
from preprocessing import SpecError, parse_pipeline


def environment(
    buckets: Sequence[str], outputs: Sequence[str], overrides: Sequence[str], presets: Path | None
) -> dict[str, str]:
    """Return the environment variables for the options that were given.

    Exits with status 2 where the value of an option is not one name.
    """
    for option, values in (("bucket", buckets), ("output", outputs), ("override", overrides)):
        for value in values:
            if not value.strip() or "," in value:  # the variable's separator
                fail(f"--{option} takes one name, got {value!r}; repeat it for more", 2)
    given = {
        "JITPREP_BUCKETS": ",".join(buckets),
        "JITPREP_OUTPUTS": ",".join(outputs),
        "JITPREP_REQUEST_OVERRIDES": ",".join(overrides),
        "JITPREP_PRESETS": str(presets.resolve()) if presets else "",
    }
    return {name: value for name, value in given.items() if value}


def require_valid(settings: Mapping[str, str]) -> None:
    """Exit with status 2 unless the function can start with these settings and the environment.

    A worker with a wrong setting would restart again and again, and fail each read.
    """
    before = dict(os.environ)
    os.environ.update(settings)
    try:
        found = config.config.__wrapped__()
    except ValueError as error:
        fail(str(error), 2)
    finally:
        for name in settings:
            del os.environ[name]
        os.environ.update(before)
    if found.default_preset not in found.presets:
        known = ", ".join(sorted(found.presets))
        fail(f"the default preset {found.default_preset!r} is not one of {known}", 2)
    for name, spec in found.presets.items():
        try:
            if not isinstance(spec, str | dict):
                fail(f"the preset {name!r} must be text or a table, got {spec!r}", 2)
            parse_pipeline(spec)
        except SpecError as error:
            fail(f"the preset {name!r}: {error}", 2)


def credentials() -> tuple[str, str, str | None]:
    """Return the access key, secret key and session token that the environment holds for AWS.

    Raises
    ------
    EndpointError
        Where botocore finds none.
    """
    from botocore.exceptions import BotoCoreError  # noqa: PLC0415  only needed for --s3
    from botocore.session import get_session  # noqa: PLC0415

    try:
        found = get_session().get_credentials()
        frozen = found.get_frozen_credentials() if found is not None else None
    except BotoCoreError as error:
        raise EndpointError(f"the credentials for --s3 cannot be loaded: {error}") from error
    if frozen is None or not frozen.access_key:
        raise EndpointError(
            "--s3 needs credentials, and the environment has none; set AWS_ACCESS_KEY_ID and "
            "AWS_SECRET_ACCESS_KEY, or AWS_PROFILE"
        )
    return str(frozen.access_key), str(frozen.secret_key), frozen.token
