"""Commands of the AWS command line, parsed by it up to the call that they would make."""

from __future__ import annotations

import shlex
from collections.abc import Iterator
from typing import Any

import pytest
from awscli.clidriver import CLIOperationCaller, create_clidriver
from awscli.customizations.commands import BasicCommand
from botocore.validate import validate_parameters


def parsed(command: str) -> dict[str, Any]:
    """Parse a command as the AWS command line does.

    Returns
    -------
    dict
        An operation's parameters, which are valid by its service's model; or a custom command's
        arguments.

    Raises
    ------
    AssertionError
        If the command line rejects the command.
    """
    calls: list[dict[str, Any]] = []

    def invoke(self: Any, service: str, operation: str, parameters: dict[str, Any], _: Any) -> int:
        model = self._session.get_service_model(service).operation_model(operation)
        validate_parameters(parameters, model.input_shape)
        calls.append(parameters)
        return 0

    def run(_: Any, arguments: Any, __: Any) -> int:
        calls.append(vars(arguments))
        return 0

    name, *words = shlex.split(command)
    assert name == "aws", command
    with pytest.MonkeyPatch.context() as patch:
        driver = create_clidriver()
        driver._get_command_table()[words[0]].create_help_command()  # loads custom commands
        patch.setattr(CLIOperationCaller, "invoke", invoke)
        for kind in _kinds(BasicCommand):
            if "_run_main" in vars(kind):
                patch.setattr(kind, "_run_main", run)
        try:
            code = driver.main(words)
        except SystemExit as refused:
            code = refused.code
    assert code == 0, command
    (call,) = calls
    return call


def _kinds(kind: type) -> Iterator[type]:
    for below in kind.__subclasses__():
        yield below
        yield from _kinds(below)
