#!/bin/sh
# run.sh WORK: has Spin check every row of the table below, through all schedules.
# run.sh WORK MODEL [VARIANT...]: checks one; status 0 it holds, 1 it does not, and the schedule that breaks it is shown.
# What a variant means stands at the top of its model; what is generated stays in WORK.
# Without Spin nothing is checked, and that is said.
set -eu

# must  model         variant
table='
holds   bell
breaks  bell          NO_FENCE_IN_RING
breaks  bell          NO_FENCE_IN_BEGIN
breaks  bell          LOOK_BEFORE_BEGIN
breaks  bell          RING_FIRST
breaks  bell          EPOCHS=8
breaks  bell          SHARED_EPOCH
breaks  bell          DRAINABLE
holds   bell_refused  WORD
breaks  bell_refused  WORD HOSTILE
holds   bell_refused  OWN_WORD
breaks  bell_refused  OWN_WORD NO_RETRY
breaks  bell_refused  OWN_WORD THIEF
holds   bell_refused  WORD_PER_LANE
holds   room
breaks  room          NO_FENCE_IN_WANT
breaks  room          NO_FENCE_IN_AWAITED
breaks  room          TOLD_IS_ENOUGH
breaks  room          SLEEP_UNTOLD
breaks  room          WANT_BEFORE_BEGIN
holds   table
breaks  table         VERSION_FIRST
breaks  table         ENTRY_FIRST
breaks  table         NO_RING
breaks  table         NO_FENCE_IN_RING
breaks  table         NO_COMPARE
breaks  table         KEEP_VERSION
holds   gone
breaks  gone          FAIL_FIRST
breaks  gone          ON_SUSPICION
breaks  gone          EMPTY_BEFORE_DEAD
holds   both_full
breaks  both_full     BLOCKING_SEND
'
steps_max=1000000 # of one schedule; Spin says when that was too few

work=$1
shift
models=$(cd "$(dirname "$0")" && pwd)

# verify MODEL VARIANT...: says holds, breaks, or why it cannot be said; the folder of what was generated is in $folder
verify() {
	model=$1
	shift
	defines=
	folder=$work/$model
	for word; do
		defines="$defines -D$word"
		folder=$folder.$word
	done
	rm -rf "$folder"
	mkdir -p "$folder"
	cp "$models/$model.pml" "$models/memory.pml" "$folder"
	(cd "$folder" && spin -a $defines "$model.pml") >"$folder/spin.log" 2>&1 ||
		{ said="is no model for spin: $folder/spin.log"; return; }
	# -O0: most of these take longer to compile than to run
	(cd "$folder" && "${CC:-gcc}" -O0 -w -DSAFETY -o pan pan.c) >"$folder/cc.log" 2>&1 ||
		{ said="does not compile: $folder/cc.log"; return; }
	(cd "$folder" && ./pan -m$steps_max) >"$folder/pan.log" 2>&1 || true
	if grep -q 'errors: [1-9]' "$folder/pan.log"; then
		said=breaks
	elif grep -q 'errors: 0$' "$folder/pan.log" && ! grep -qi 'not completed\|too small' "$folder/pan.log"; then
		said=holds
	else
		said="was not searched to the end: $folder/pan.log"
	fi
}

count() { # CHECKED WRONG, as Check counts its tests
	echo "$((100 * ($1 - $2) / ($1 ? $1 : 1)))%: Checks: $1, Failures: $2, Errors: 0"
}

if ! command -v spin >/dev/null; then
	echo "models: SKIPPED, spin is not installed"
	count 0 0
	exit 0
fi

if [ $# -gt 0 ]; then
	verify "$@"
	echo "$*: $said"
	[ "$said" != breaks ] || (cd "$folder" && spin -t -p $defines "$model.pml" || true)
	[ "$said" = holds ]
	exit
fi

checked=0 wrong=0
while read -r must model variant; do
	[ -n "$must" ] || continue
	checked=$((checked + 1))
	verify "$model" $variant
	[ "$said" = "$must" ] && continue
	wrong=$((wrong + 1))
	echo "$model $variant: $said (it $must)"
done <<END
$table
END
count $checked $wrong
[ $wrong = 0 ]
