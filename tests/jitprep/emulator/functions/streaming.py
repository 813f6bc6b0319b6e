"""A runtime that streams its responses. The steps of each are in its event, or its URL's path."""

import base64
import http.client
import json
import os
import sys
import time
from pathlib import Path
from urllib.parse import unquote

RUNTIME = "/2018-06-01/runtime/invocation/"
TRAILERS = ("Lambda-Runtime-Function-Error-Type", "Lambda-Runtime-Function-Error-Body")


def main():
    runtime = http.client.HTTPConnection(os.environ["AWS_LAMBDA_RUNTIME_API"])
    results = []  # of the responses so far
    while True:
        runtime.request("GET", RUNTIME + "next")
        invocation = runtime.getresponse()
        event = json.loads(invocation.read())
        if "rawPath" in event:
            event = json.loads(unquote(event["rawPath"].removeprefix("/")))
        path = RUNTIME + invocation.headers["Lambda-Runtime-Aws-Request-Id"]
        if "raise" in event:
            raised = json.dumps({"errorType": "ValueError", "errorMessage": event["raise"]})
            runtime.request("POST", path + "/error", raised)
        elif "steps" not in event:
            runtime.request("POST", path + "/response", json.dumps({"results": results}))
        else:
            stream(runtime, path, event)
        answer = runtime.getresponse()
        results.append([answer.status, answer.read().decode()])


def stream(runtime, path, event):
    runtime.putrequest("POST", path + "/response")
    runtime.putheader("Lambda-Runtime-Function-Response-Mode", event.get("mode", "streaming"))
    runtime.putheader("Content-Type", event.get("type", "application/octet-stream"))
    runtime.putheader("Transfer-Encoding", "chunked")
    runtime.putheader("Trailer", ", ".join(TRAILERS))
    runtime.endheaders()
    end = b""
    for name, argument in event["steps"]:
        match name:
            case "send":
                send(runtime, argument.encode("latin-1"))
            case "send_megabytes":
                for _ in range(argument):
                    send(runtime, bytes(2**20))
            case "wait_for":
                while not Path(argument).exists():
                    time.sleep(0.01)
            case "touch":
                Path(argument).touch()
            case "fail":
                error = {"errorType": "OSError", "errorMessage": argument, "stackTrace": []}
                body = base64.b64encode(json.dumps(error).encode()).decode()
                end = f"{TRAILERS[0]}: OSError\r\n{TRAILERS[1]}: {body}\r\n".encode()
            case "exit":
                os._exit(argument)
    runtime.send(b"0\r\n" + end + b"\r\n")


def send(runtime, data):
    runtime.send(b"%x\r\n%b\r\n" % (len(data), data))


if __name__ == "__main__":
    sys.exit(main())
