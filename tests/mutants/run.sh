#!/bin/sh
# run.sh WORK [WORD]: breaks the message path on purpose, one mistake at a time, and sees that a test notices. The mistakes
# and who must notice stand in table.sh; with WORD only those whose line holds it. Minutes.
# An edit that changes nothing any more is an error: the table has fallen behind the code.
set -eu

work=$1 only=${2-}
here=$(cd "$(dirname "$0")" && pwd)
root=$here/../..
cc=${CC:-gcc}
soak_seconds=7     # for the tests that take chances
sleep_max_ms=2500  # then a wake-up counts as lost
patience_seconds=40
checked=0 wrong=0

# build FOLDER TEST: the test and ipc/ as they are in FOLDER
build() {
	sanitize=
	case $2 in tsan-*) sanitize="-fsanitize=thread -Wno-tsan" ;; esac
	"$cc" -std=gnu17 -O2 -g -w -D_GNU_SOURCE -DSLEEP_MAX_MS=$sleep_max_ms -I"$1" $sanitize -o "$1/$2" \
		"$1/tests/ipc/check_${2#tsan-}.c" "$1/libipc.a" -lcheck -lsubunit -lrt -lm -lpthread >"$1/log" 2>&1
}

# archive FOLDER: what the test does not include itself; an archive, since check_lane_stress includes some of it
archive() {
	for source in ring lane bell memfd; do
		"$cc" -std=gnu17 -O2 -g -w -D_GNU_SOURCE -I"$1" -c -o "$1/$source.o" "$1/ipc/$source.c" || return 1
	done
	ar rcs "$1/libipc.a" "$1/ring.o" "$1/lane.o" "$1/bell.o" "$1/memfd.o"
}

compiles() { # FOLDER FILE
	case $2 in
	ipc/*) archive "$1" ;;
	*) "$cc" -std=gnu17 -w -D_GNU_SOURCE -I"$1" -fsyntax-only "$1/$2" ;;
	esac
}

# passes FOLDER TEST
passes() {
	SOAK_SECONDS=$soak_seconds CK_TIMEOUT_MULTIPLIER=1 timeout -k 1 $patience_seconds \
		${aslr_off:+setarch -R} "$1/$2" >"$1/log" 2>&1 </dev/null
}

fresh() { # FOLDER: a copy of what is tested
	rm -rf "$1"
	mkdir -p "$1/tests/ipc"
	cp -r "$root/ipc" "$root/runtime" "$root/supervisor" "$root/interfaces" "$root/cache" "$root/aotc" "$1"
	cp "$root"/tests/ipc/check_*.c "$1/tests/ipc"
	cp "$root/tests/check_run.h" "$1/tests"
}

notices() { # FOLDER CATCHER
	case $2 in
	model-*)
		model=${2#model-}
		"$root/tests/model/run.sh" "$work/model" "${model%%.*}" "${model#*.}" >"$1/log" 2>&1 || true
		grep -q ': breaks$' "$1/log"
		;;
	*) build "$1" "$2" && ! passes "$1" "$2" ;;
	esac
}

complain() {
	wrong=$((wrong + 1))
	echo "$1"
}

mutant() { # FILE WHAT CATCHER SCRIPT
	case "$*" in *"$only"*) ;; *) return 0 ;; esac
	checked=$((checked + 1))
	folder=$work/$checked
	fresh "$folder"
	sed "$4" "$root/$1" >"$folder/$1"
	if cmp -s "$root/$1" "$folder/$1"; then
		complain "OUTDATED  $1: $2: the edit changes nothing"
	elif ! compiles "$folder" "$1" >"$folder/log" 2>&1; then
		complain "OUTDATED  $1: $2: does not compile: $folder/log"
	elif notices "$folder" "$3"; then
		echo "caught by $3: $1: $2"
		rm -rf "$folder"
	else
		complain "SURVIVED  $3: $1: $2"
	fi
}

# Without a mistake nothing may be noticed, or the rest says nothing.
aslr_off=
setarch -R true 2>/dev/null && aslr_off=yes
mkdir -p "$work"
fresh "$work/none"
archive "$work/none"
for test in ring bell scribbler lane_stress tsan-lane_stress; do
	build "$work/none" $test && passes "$work/none" $test || { cat "$work/none/log"; echo "$test fails without a mutant"; exit 1; }
done

. "$here/table.sh"
echo "$((100 * (checked - wrong) / (checked ? checked : 1)))%: Checks: $checked, Failures: $wrong, Errors: 0"
[ $wrong = 0 ]
