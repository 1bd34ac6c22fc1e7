#!/bin/sh
# run.sh WORK [WORD]: breaks the message path on purpose, one mistake at a time, and sees that a test notices. The mistakes
# and who must notice stand in table.sh; with WORD only those whose line holds it. Minutes.
# An edit that changes nothing any more is an error: the table has fallen behind the code.
# Tests of ipc/ are compiled here, with a sanitizer when they need one; all others by make, in one copy of everything.
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
	cp "$root"/tests/ipc/*.[ch] "$1/tests/ipc"
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

make_in() { # FOLDER ARGUMENT...
	folder=$1
	shift
	env -u MAKEFLAGS -u MAKELEVEL -u BUILD -u SIM_SEEDS -u SIM_SEED make -s -C "$folder" -j"$(nproc)" CC="$cc" CFLAGS="-O1 -g -w -DSLEEP_MAX_MS=$sleep_max_ms" "$@"
}

# well_here TEST: without a mistake the test of ipc/ passes, or the rest says nothing
well_here() {
	case $1 in model-*) return ;; esac
	[ -f "$work/none/well.$1" ] && return
	build "$work/none" "$1" && passes "$work/none" "$1" ||
		{ cat "$work/none/log"; echo "$1 fails without a mutant"; exit 1; }
	touch "$work/none/well.$1"
}

# made TEST: what make calls its program
made() {
	(cd "$root" && ls tests/*/check_"$1".c) | sed 's|^\(.*\)\.c$|build/out/\1|'
}

# well TEST: the copy of everything is there, and without a mistake its test passes
well() {
	[ -d "$work/all" ] || {
		mkdir -p "$work/all"
		(cd "$root" && tar -cf - --exclude=./build --exclude=./.git .) | (cd "$work/all" && tar -xf -)
	}
	[ -f "$work/all/well.$1" ] && return
	make_in "$work/all" "$(made "$1")" >"$work/all/log" 2>&1 && passes "$work/all" "$(made "$1")" ||
		{ cat "$work/all/log"; echo "$1 fails without a mutant"; exit 1; }
	touch "$work/all/well.$1"
}

# mutant_made FILE WHAT TEST SCRIPT: with the mistake in the copy of everything, for as long as the test runs
mutant_made() {
	well "$3"
	all=$work/all
	sed "$4" "$root/$1" >"$all/$1"
	if cmp -s "$root/$1" "$all/$1"; then
		complain "OUTDATED  $1: $2: the edit changes nothing"
	elif ! make_in "$all" "$(made "$3")" >"$all/log" 2>&1; then
		complain "OUTDATED  $1: $2: does not compile:"
		cat "$all/log"
	elif passes "$all" "$(made "$3")"; then
		complain "SURVIVED  $3: $1: $2"
	else
		echo "caught by $3: $1: $2"
	fi
	cp "$root/$1" "$all/$1"
}

complain() {
	wrong=$((wrong + 1))
	echo "$1"
}

mutant() { # FILE WHAT CATCHER SCRIPT
	case "$*" in *"$only"*) ;; *) return 0 ;; esac
	checked=$((checked + 1))
	case $3 in
	ring | bell | scribbler | lane_stress | tsan-* | model-*) ;;
	*) mutant_made "$@"; return ;;
	esac
	well_here "$3"
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

aslr_off=
setarch -R true 2>/dev/null && aslr_off=yes
mkdir -p "$work"
fresh "$work/none"
archive "$work/none"
rm -rf "$work/all"

. "$here/table.sh"
echo "$((100 * (checked - wrong) / (checked ? checked : 1)))%: Checks: $checked, Failures: $wrong, Errors: 0"
[ $wrong = 0 ]
