#!/usr/bin/env bash
# Installs what the tests need where it is missing, then runs them all. Needs the .NET SDK.
set -euo pipefail
cd "$(dirname "$0")/.."

if ! command -v dotnet >/dev/null; then
  echo "The .NET 10 SDK is needed: https://dotnet.microsoft.com/download" >&2
  exit 2
fi

# The system's SQLite is preferred where there is one; the package's own serves elsewhere.
if command -v apt-get >/dev/null && ! ldconfig -p | grep -q 'libsqlite3\.so\.0'; then
  if [ "$(id -u)" -eq 0 ]; then apt-get update -qq && apt-get install -y -qq libsqlite3-0; fi
fi

dotnet build Crypto.sln -c Release --nologo -v quiet
dotnet test Crypto.sln -c Release --no-build --nologo "$@"
