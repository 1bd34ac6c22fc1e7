#!/bin/sh
# build.sh VARIANT OUT FOLDER SOURCE...: makes one program of the sources of a folder, in one way. FOLDER/flags may hold
# more words for the compiler, as seen from FOLDER. What goes wrong is shown; the program then does not exist.
# -ffp-contract=off: Wasm has no fused multiply and add, so natively there is none either.
set -eu
variant=$1 out=$2 folder=$3
shift 3
here=$(realpath "$(dirname "$0")/../../..")
flags="-std=gnu17 -O3 -ffp-contract=off -w -I$here/programs/bench $(cat "$folder/flags" 2>/dev/null || :)"
mkdir -p "$(dirname "$out")"
out=$(realpath "$(dirname "$out")")/$(basename "$out")
rm -f "$out"

# What every engine has had since Wasm 2.0, but for its SIMD. With bulk memory clang 14 believes in threads, and then wants
# this model.
wasm_2="-mbulk-memory -msign-ext -mnontrapping-fptoint -ftls-model=local-exec"

# Compiled and linked in two steps: given -O while linking, clang runs any wasm-opt it finds.
wasm() {
	objects=$(mktemp -d)
	trap 'rm -rf "$objects"' EXIT
	more=$1
	shift
	number=0
	for source; do
		number=$((number + 1))
		clang --target=wasm32-wasi $more $flags -c -o "$objects/$number.o" "$source"
	done
	clang --target=wasm32-wasi -Wl,--strip-debug -o "$out" "$objects"/*.o -lm
}

cd "$folder"
case $variant in
gcc) gcc $flags -o "$out" "$@" -lm ;;
gcc-native) gcc -march=native $flags -o "$out" "$@" -lm ;;
clang) clang $flags -o "$out" "$@" -lm ;;
clang-native) clang -march=native $flags -o "$out" "$@" -lm ;;
wasm) wasm "$wasm_2" "$@" ;;
simd) wasm "$wasm_2 -msimd128" "$@" ;;
*)
	echo "usage: build.sh gcc|gcc-native|clang|clang-native|wasm|simd OUT FOLDER SOURCE..." >&2
	exit 2
	;;
esac
