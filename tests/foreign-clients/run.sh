#!/usr/bin/env bash
# Runs clients written by others against the simulated exchange. Needs the .NET SDK, Node 20 or later and npm.
set -euo pipefail
cd "$(dirname "$0")"

dotnet build ../../src/TradeIngest -c Release --nologo -v quiet
npm ci --ignore-scripts --no-audit --no-fund
npm test
