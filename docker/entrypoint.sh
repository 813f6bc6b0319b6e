#!/bin/sh
# Starts the server for the arguments `serve ...`, else the function: on AWS against Lambda's Runtime API,
# elsewhere behind the Runtime Interface Emulator, which serves one invocation at a time. Both listen on port 8080.
# JITPREP_RUNTIME_CLIENT chooses what runs the function: AWS's client, or jitprep's, which streams answers.
set -eu

if [ "${1:-}" = serve ]; then
    shift
    export JITPREP_CONFIG="${JITPREP_CONFIG:-/etc/jitprep.toml}"
    exec python -m jitprep.server --host 0.0.0.0 --port 8080 "$@"
fi

case "${JITPREP_RUNTIME_CLIENT:-awslambdaric}" in
    awslambdaric) client=awslambdaric ;;
    jitprep) client=handler.runtime_client ;;
    *)
        echo "entrypoint: JITPREP_RUNTIME_CLIENT must be awslambdaric or jitprep, got" \
            "'$JITPREP_RUNTIME_CLIENT'" >&2
        exit 64
        ;;
esac

if [ -n "${AWS_LAMBDA_RUNTIME_API:-}" ]; then
    exec python -m "$client" "$@"
fi

# Prints the address of the host, where `jitprep up` listens. Docker Desktop has a name for it. On Linux
# it is the default gateway of the container, which /proc shows as little-endian hex.
host_address() {
    if getent hosts host.docker.internal >/dev/null; then
        echo host.docker.internal
        return
    fi
    while read -r _ destination gateway _; do
        if [ "$destination" = 00000000 ]; then
            # shellcheck disable=SC2046 # the four words are separate arguments
            set -- $(echo "$gateway" | sed 's/../0x& /g')
            printf '%d.%d.%d.%d\n' "$4" "$3" "$2" "$1"
            return
        fi
    done </proc/net/route
}

if [ -z "${AWS_ENDPOINT_URL:-}" ]; then
    host=$(host_address)
    if [ -z "$host" ]; then
        echo "entrypoint: this container has no route to its host; set AWS_ENDPOINT_URL to the" \
            "address of \`jitprep up\`, for example http://endpoint:9000" >&2
        exit 64
    fi
    AWS_ENDPOINT_URL="http://$host:9000"
fi
export AWS_ENDPOINT_URL

# The defaults of `jitprep up`. Sixty seconds is the limit of S3 Object Lambda.
export AWS_ACCESS_KEY_ID="${AWS_ACCESS_KEY_ID:-test}"
export AWS_SECRET_ACCESS_KEY="${AWS_SECRET_ACCESS_KEY:-test}"
# Lambda sets both variables; botocore reads the second.
export AWS_REGION="${AWS_REGION:-${AWS_DEFAULT_REGION:-us-east-1}}"
export AWS_DEFAULT_REGION="$AWS_REGION"
export AWS_LAMBDA_FUNCTION_TIMEOUT="${AWS_LAMBDA_FUNCTION_TIMEOUT:-60}"

exec aws-lambda-rie python -m "$client" "$@"
