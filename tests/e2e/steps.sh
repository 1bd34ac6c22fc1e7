#!/bin/sh
# steps.sh FILE HEADING...: what a reader of FILE does under these headings, in their order, as a shell script that ends
# where something comes out that FILE does not say.
#
#   ```c NAME       (any language, then a name) a file with this content
#   ```console      lines with "$ " are commands, the lines below one are what it prints
#
# A heading's part ends at the next heading. One that is not there, or that holds no command, is an error.
set -eu
file=$1
shift
echo 'set -eu
said=$(mktemp)
trap "rm -f $said" EXIT
came() {
	[ "$status" = 0 ] || { echo "$1: status $status"; cat "$said"; exit 1; } >&2
	cmp -s - "$said" || { echo "$1: it says instead:"; cat "$said"; exit 1; } >&2
}'
for heading; do
	awk -v heading="$heading" '
	function quoted(text) {
		gsub(/\047/, "\047\\\047\047", text)
		return "\047" text "\047"
	}
	function end_command() {
		if (command == "")
			return
		printf "status=0; { %s\n} >\"$said\" || status=$?\n", command
		printf "printf %%s %s | came %s\n", quoted(says), quoted(command)
		command = says = ""
		commands++
	}
	/^```/ && fence == "" && here {
		fence = $1
		if ($2 != "") {
			fence = "file"
			print "cat >" quoted($2) " <<\047END OF FILE\047"
		}
		next
	}
	/^```/ {
		if (fence == "file")
			print "END OF FILE"
		end_command()
		fence = ""
		next
	}
	fence == "file" { print; next }
	fence == "```console" && /^\$ / { end_command(); command = substr($0, 3); next }
	fence == "```console" { says = says $0 "\n"; next }
	/^#+ / && fence == "" {
		text = $0
		sub(/^#+ /, "", text)
		here = text == heading
	}
	END { exit commands == 0 }' "$file" || { echo "steps: $file: no steps under \"$heading\"" >&2; exit 1; }
done
