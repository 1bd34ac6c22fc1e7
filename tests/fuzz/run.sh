#!/bin/sh
# run.sh FUZZER SECONDS CORPUS [SEEDS...]: fuzzes for that long (FUZZ_RUNS in the environment: so many inputs, however
# long that takes) and says in one line how it went; what libFuzzer says is in FUZZER.log. What it finds stays beside the
# fuzzer as FUZZER.crash-*, and FUZZER with that file shows it again.
fuzzer=$1 seconds=$2 corpus=$3
shift 3
name=$(basename "$fuzzer")
dictionary=$(dirname "$0")/$name.dict
[ ! -f "$dictionary" ] || set -- "-dict=$dictionary" "$@"
mkdir -p "$corpus"
if [ -n "${FUZZ_RUNS:-}" ]; then
	how_long=-runs=$FUZZ_RUNS
else
	how_long=-max_total_time=$seconds
fi

begun=$(date +%s)
"$fuzzer" "$how_long" -timeout=10 -rss_limit_mb=2048 -verbosity=0 -print_final_stats=1 \
	-artifact_prefix="$fuzzer." "$corpus" "$@" >"$fuzzer.log" 2>&1
status=$?
inputs=$(sed -n 's/^stat::number_of_executed_units: *//p' "$fuzzer.log")
if [ $status != 0 ]; then
	tail -n 40 "$fuzzer.log"
	echo "$name: FOUND something after ${inputs:-some} inputs; see $fuzzer.log and $fuzzer.*"
	exit 1
fi
echo "$name: $inputs inputs in $(($(date +%s) - begun)) seconds, nothing found"
