#!/usr/bin/env bash
# benchmarks/run.sh quick [NAME…]    a few minutes: ratios against floors.json; fails when one is broken
# benchmarks/run.sh full [NAME…]     writes benchmarks/results/*.md
# benchmarks/run.sh growth [PART…]   writes benchmarks/results/growth.md; several minutes, 10 GB of temporary files; PART (symbols, memory, stored) shows only that
# benchmarks/run.sh kafka HOST:PORT  writes benchmarks/results/KafkaProduce.md; a minute, needs kcat
# benchmarks/run.sh detail [--filter '*ParseTrade*']    one question under BenchmarkDotNet
set -euo pipefail
cd "$(dirname "$0")/.."

mode="${1:-quick}"
shift || true
project=benchmarks/Crypto.Benchmarks
dotnet build "$project" -c Release --nologo -v quiet
program="$project/bin/Release/net10.0/Crypto.Benchmarks.dll"
case "$mode" in
  quick) exec dotnet "$program" quick --floors benchmarks/floors.json --json artifacts/benchmarks.json "$@" ;;
  full) exec dotnet "$program" full --results benchmarks/results "$@" ;;
  growth) exec dotnet "$program" growth --results benchmarks/results "$@" ;;
  kafka) exec dotnet "$program" kafka --brokers "$@" --results benchmarks/results ;;
  detail) cd artifacts 2>/dev/null || { mkdir -p artifacts && cd artifacts; }
    exec dotnet "../$program" detail "$@" ;;
  *) echo "benchmarks/run.sh quick|full|growth|kafka|detail" >&2; exit 2 ;;
esac
