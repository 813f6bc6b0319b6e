"""A local endpoint with helpers for tests and demonstrations of a function."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import boto3
from botocore.config import Config

from jitprep.emulator.config import EndpointConfig
from jitprep.emulator.routing import FUNCTION_URL
from jitprep.emulator.server import Endpoint


@dataclass(frozen=True)
class RunningEndpoint:
    """An endpoint in another process, such as that of `jitprep up`.

    Parameters
    ----------
    url
        Its URL.
    config
        The settings that it was started with. Only its account, region, credentials and function
        are used.
    """

    url: str
    config: EndpointConfig = field(default_factory=EndpointConfig)


class LocalObjectLambda:
    """A started endpoint, with clients for it and access points in one call.

    Parameters
    ----------
    endpoint
        The endpoint, already started.
    """

    def __init__(self, endpoint: Endpoint | RunningEndpoint) -> None:
        self.endpoint = endpoint

    @property
    def url(self) -> str:
        """The endpoint's URL."""
        return self.endpoint.url

    def client(self, service: str, config: Config | None = None) -> Any:
        """Return a boto3 client of ``s3``, ``s3control`` or ``lambda`` at the endpoint.

        The endpoint is also the client's plain-HTTP proxy, so the host names that boto3 derives
        from an access point's ARN or an account need not resolve. A failed call is not retried,
        so that a test sees it. An S3 client presigns with signatures of version 4, where boto3's
        default is version 2.
        """
        own = Config(proxies={"http": self.url}, retries={"total_max_attempts": 1})
        if service == "s3":
            own = own.merge(Config(signature_version="s3v4"))
        settings = self.endpoint.config
        return boto3.client(
            service,
            endpoint_url=self.url,
            region_name=settings.region,
            aws_access_key_id=settings.access_key,
            aws_secret_access_key=settings.secret_key,
            aws_session_token=settings.session_token,
            config=own.merge(config) if config else own,
        )

    def function_url(self, function: str | None = None) -> str:
        """Return the URL of a function, without a trailing slash.

        Parameters
        ----------
        function
            The function's name. None is the function of the local workers.
        """
        name = function or self.endpoint.config.function_name
        return f"{self.url}{FUNCTION_URL}{name}"

    def create_access_point(
        self,
        name: str,
        bucket: str,
        *,
        payload: str = "",
        function: str | None = None,
        actions: Sequence[str] = ("GetObject",),
        features: Sequence[str] = (),
    ) -> str:
        """Create an Object Lambda access point on a bucket and return its alias.

        Parameters
        ----------
        name
            The name of the access point; that of its supporting access point ends in ``-s3``.
        bucket
            The bucket that it reads.
        payload
            The event's ``configuration.payload``.
        function
            The function's name or ARN. None is the function of the local workers.
        actions, features
            The Actions and AllowedFeatures of the configuration.
        """
        settings = self.endpoint.config
        control = self.client("s3control")
        supporting = control.create_access_point(
            AccountId=settings.account, Name=f"{name}-s3", Bucket=bucket
        )
        aws_lambda = {"FunctionArn": function or settings.function_arn(settings.function_name)}
        if payload:
            aws_lambda["FunctionPayload"] = payload
        created = control.create_access_point_for_object_lambda(
            AccountId=settings.account,
            Name=name,
            Configuration={
                "SupportingAccessPoint": supporting["AccessPointArn"],
                "AllowedFeatures": list(features),
                "TransformationConfigurations": [
                    {"Actions": list(actions), "ContentTransformation": {"AwsLambda": aws_lambda}}
                ],
            },
        )
        return str(created["Alias"]["Value"])

    def delete_access_point(self, name: str) -> None:
        """Delete the access points that `create_access_point` created under that name."""
        account, control = self.endpoint.config.account, self.client("s3control")
        control.delete_access_point_for_object_lambda(AccountId=account, Name=name)
        control.delete_access_point(AccountId=account, Name=f"{name}-s3")
