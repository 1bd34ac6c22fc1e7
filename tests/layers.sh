#!/bin/sh
# Says which folder may include which (DESIGN section 11); a line not allowed here is an error.
ok() { case "$1>$2" in
ipc\>ipc | cache\>cache | cache\>ipc | runtime\>runtime | runtime\>ipc | \
aotc\>aotc | aotc\>ipc | aotc\>cache | \
client\>client | client\>ipc | client\>runtime | \
interfaces\>interfaces | interfaces\>ipc | interfaces\>cache | \
supervisor\>supervisor | supervisor\>ipc | supervisor\>cache | supervisor\>interfaces) ;;
*) return 1 ;; esac; }
# What runtime/ shows to others: the object's layout, lock-down steps, the launcher's protocol.
shown() { case "$1>$2" in
aotc\>runtime/abi.h | aotc\>runtime/lock.h | supervisor\>runtime/record.h | aotc\>runtime/w2c/symbols.h | supervisor\>runtime/abi.h | supervisor\>runtime/start.h | \
client\>supervisor/places.h | client\>supervisor/protocol.h) ;;
*) return 1 ;; esac; }
# What rs-ifgen writes, and the limits beside it, belong to no folder: nothing but bytes, which programs have as well.
generated() { case $1 in
interfaces/limits.h) ;;
interfaces/*.h) [ -f "${1%.h}.proto" ] ;;
*) return 1 ;; esac; }
speaks() { case $1 in
runtime | client) ;;
*) return 1 ;; esac; }
# A folder is a layer, but for the client library, which is made of a worker's runtime.
layer() { case $1 in
runtime/client/*) layer=client ;;
*) layer=${1%%/*} ;; esac; }
bad=0
for f in ipc/*.[ch] cache/*.[ch] runtime/*.[ch] aotc/*.[ch] runtime/client/*.[ch] interfaces/*.[ch] supervisor/*.[ch] supervisor/*/*.[ch]; do
	[ -f "$f" ] || continue
	for to in $(sed -n 's,^#include "\([^"]*\)".*,\1,p' "$f"); do
		layer "$to" && included=$layer && layer "$f"
		ok "$layer" "$included" || shown "$layer" "$to" || { speaks "$layer" && generated "$to"; } ||
			{ echo "layers: $f includes $to"; bad=1; }
	done
done
# The broker is a library without I/O: it knows what two processes agree on, and its own rooms.
for f in supervisor/broker/*.[ch]; do
	for to in $(sed -n 's,^#include "\([^"]*\)".*,\1,p' "$f"); do
		case $to in
		ipc/*.h | supervisor/broker/*.h | supervisor/limits.h) ;;
		*) echo "layers: $f includes $to"; bad=1 ;;
		esac
	done
done
# What programs include as well stands alone.
for f in interfaces/wire.h interfaces/codec.h interfaces/decode.h interfaces/walk.h interfaces/encode.h interfaces/limits.h; do
	for to in $(sed -n 's,^#include "\([^"]*\)".*,\1,p' "$f"); do
		case $to in
		interfaces/wire.h | interfaces/codec.h | interfaces/decode.h | interfaces/walk.h) ;;
		*) echo "layers: $f includes $to, which programs do not have"; bad=1 ;;
		esac
	done
done
exit $bad
