#!/bin/sh
# demo.sh BUILD: a program as native code in a locked process, then two programs that talk. Everything it makes is
# under BUILD/demo; the rsd it starts is its own and ends with it.
set -eu
tree=$(realpath "$1/tree")
guests=$(realpath "$1/guests")
mkdir -p "$1/demo"
demo=$(realpath "$1/demo")
export REDSHIRT_RUN_DIR="$demo/run" REDSHIRT_STATE_DIR="$demo/state" REDSHIRT_CACHE_DIR="$demo/cache"
rsctl() { "$tree/bin/rsctl" "$@"; }
show() {
	printf '\n$ %s\n' "$*"
	"$@"
}
say() { printf '\n-- %s\n' "$*"; }
trap 'rsctl shutdown >/dev/null 2>&1 || :' EXIT

cd "$guests"
say "Which walls can stand on this machine, and which tools compile:"
show rsctl doctor
say "A C program, compiled to WebAssembly, translated to native code, run in a locked process:"
show rsctl run -e GREETING=hi hello.wasm one two
say "A program that goes out of bounds ends alone, and says where:"
show rsctl run trap.wasm oob || echo "(exit status $?)"
say "Two programs that talk: echo registers for an interface, ask sends to it and prints the answer; if the user lets them:"
show rsctl grant --register echo.wasm example:echo
printf '\n$ rsctl start echo.wasm\n'
echo=$(rsctl start echo.wasm)
echo "$echo"
show rsctl ps
show rsctl run --allow example:echo ask.wasm "is anybody there?"
show rsctl grants
show rsctl stop "$echo"
show rsctl ps -a
