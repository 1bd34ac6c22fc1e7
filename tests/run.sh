#!/bin/sh
# run.sh [--go-on] NAME COMMAND...: runs one test program, shows what it says, keeps it in $BUILD/results/NAME.
# --go-on: a failure is left to summary.sh to report.
go_on=
[ "$1" != --go-on ] || { go_on=1; shift; }
name=$1
shift
mkdir -p "$BUILD/results"
"$@" >"$BUILD/results/$name" 2>&1 </dev/null
status=$?
[ $status = 0 ] || echo "$name: exit status $status" >>"$BUILD/results/$name"
cat "$BUILD/results/$name"
[ $status = 0 ] || [ -n "$go_on" ]
