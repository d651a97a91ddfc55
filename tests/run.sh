#!/usr/bin/env bash
# Installs what the tests need where it is missing, then runs them all. Needs the .NET SDK.
set -euo pipefail
cd "$(dirname "$0")/.."

if ! command -v dotnet >/dev/null; then
  echo "The .NET 10 SDK is needed: https://dotnet.microsoft.com/download" >&2
  exit 2
fi

# The system's SQLite is preferred where there is one; the package's own serves elsewhere. librdkafka brings the mock brokers of the
# Kafka tests. A real broker is tested too when CRYPTO_TEST_KAFKA=host:port names one. Node.js runs the parser that the SQL scripts of
# Snowflake are checked with, which the test itself fetches.
missing=()
PATH=$PATH:/usr/sbin:/sbin # where ldconfig is, and which not every user has
if command -v ldconfig >/dev/null; then
  libraries=$(ldconfig -p || true)
  [[ $libraries == *libsqlite3.so.0* ]] || missing+=(libsqlite3-0)
  [[ $libraries == *librdkafka.so.1* ]] || missing+=(librdkafka1)
fi
command -v node >/dev/null || missing+=(nodejs)
if [ "${#missing[@]}" -gt 0 ] && command -v apt-get >/dev/null; then
  as_root=()
  if [ "$(id -u)" -ne 0 ]; then as_root=(sudo -n); fi
  if ! { "${as_root[@]}" apt-get update -qq && "${as_root[@]}" apt-get install -y -qq --no-install-recommends "${missing[@]}"; }; then
    echo "The tests need what could not be installed here; as root: apt-get install --no-install-recommends ${missing[*]}" >&2
    exit 2
  fi
fi

dotnet build Crypto.sln -c Release --nologo -v quiet
# One project after another: side by side they only starve each other on a small machine.
dotnet test Crypto.sln -c Release --no-build --nologo -m:1 "$@"
