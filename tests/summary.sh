#!/bin/sh
# summary.sh RESULTS NAME...: adds up what Check counted in RESULTS/NAME...; the last line is "N passed, N failed".
# A test program that ended badly without a failed test, or without a count, is one failure.
results=$1
shift
for name; do
	if [ -f "$results/$name" ]; then
		cat "$results/$name"
		echo "end of $name"
	else
		echo "lost $name"
	fi
done | awk '
	/%: Checks: [0-9]+, Failures: [0-9]+, Errors: [0-9]+$/ {
		gsub(",", ""); checks += $3; bad += $5 + $7; counted = 1; passed += $3 - $5 - $7; mine = $5 + $7
	}
	/: exit status [0-9]+$/ { status = 1 }
	/^end of / {
		if ((status && !mine) || !counted) { bad++; print "FAILED: " $3 ": ended badly" }
		else if (mine) print "FAILED: " $3 ": " mine " of its tests"
		status = mine = counted = 0
	}
	/^lost / { bad++; print "FAILED: " $2 ": did not run" }
	END { printf "%d passed, %d failed\n", passed, bad; exit bad > 0 }'
