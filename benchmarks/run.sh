#!/usr/bin/env bash
# benchmarks/run.sh quick [NAME…]    a few minutes: ratios and bytes against floors.json; fails when one is broken
# benchmarks/run.sh full [NAME…]     writes benchmarks/results/*.md
# benchmarks/run.sh alone NAME…      the product's own way for ten seconds, for a profiler to look at
# benchmarks/run.sh growth [PART…]   writes benchmarks/results/growth.md; several minutes, 10 GB of temporary files; PART (symbols, memory, stored) shows only that
# benchmarks/run.sh kafka HOST:PORT  writes benchmarks/results/KafkaProduce.md; a minute, needs kcat
set -euo pipefail
cd "$(dirname "$0")/.."

project=benchmarks/Crypto.Benchmarks
dotnet build "$project" -c Release --nologo -v quiet
exec dotnet "$project/bin/Release/net10.0/Crypto.Benchmarks.dll" "${@:-quick}"
