# bash completion for rsctl. Commands and options come from rsctl itself, hashes and process numbers from the rsd that
# runs; none is started for them.

_rsctl_ids() {
	rsctl version >/dev/null 2>&1 && rsctl "$@" -q 2>/dev/null
}

_rsctl() {
	local word=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD - 1]} command= at i
	COMPREPLY=()
	for ((i = 1; i < COMP_CWORD; i++)); do
		case ${COMP_WORDS[i]} in
		--socket) ((i++)) ;;
		-*) ;;
		*)
			command=${COMP_WORDS[i]} at=$i
			break
			;;
		esac
	done
	case $before in
	--socket | --symbols)
		mapfile -t COMPREPLY < <(compgen -f -- "$word")
		return
		;;
	-s | --signal)
		mapfile -t COMPREPLY < <(compgen -A signal -- "$word")
		return
		;;
	-I | --include)
		mapfile -t COMPREPLY < <(compgen -d -- "$word")
		return
		;;
	-e | --env | --name | --allow | --deny | -m | --memory | --cpu | --children | --children-memory | --children-depth | --max-body | --rate | --outstanding | -n | --lines | --timeout | --asm) return ;;
	esac
	if [[ -z $command ]]; then
		mapfile -t COMPREPLY < <(compgen -W "$(rsctl completion 2>/dev/null) --json --socket --help --version" -- "$word")
		return
	fi
	if [[ $word == -* ]]; then
		mapfile -t COMPREPLY < <(compgen -W "$(rsctl completion "$command" 2>/dev/null)" -- "$word")
		return
	fi
	case $command in
	run | start | compile)
		# the program is the first word; what follows are its own arguments
		mapfile -t COMPREPLY < <(compgen -f -- "$word")
		[[ $command != compile && $COMP_CWORD -gt $((at + 1)) && $before != -* ]] ||
			mapfile -t -O ${#COMPREPLY[@]} COMPREPLY < <(compgen -W "$(_rsctl_ids ls)" -- "$word")
		;;
	add) mapfile -t COMPREPLY < <(compgen -f -- "$word") ;;
	rm) mapfile -t COMPREPLY < <(compgen -W "$(_rsctl_ids ls)" -- "$word") ;;
	stop | kill) mapfile -t COMPREPLY < <(compgen -W "$(_rsctl_ids ps)" -- "$word") ;;
	answer)
		if [[ $before == answer || $before == --always ]]; then
			mapfile -t COMPREPLY < <(compgen -W "$(_rsctl_ids pending)" -- "$word")
		else
			mapfile -t COMPREPLY < <(compgen -W "allow deny" -- "$word")
		fi
		;;
	logs | inspect) mapfile -t COMPREPLY < <(compgen -W "$(_rsctl_ids ps -a) $(_rsctl_ids ls)" -- "$word") ;;
	grant | deny | revoke | grants)
		mapfile -t COMPREPLY < <(compgen -f -- "$word")
		mapfile -t -O ${#COMPREPLY[@]} COMPREPLY < <(compgen -W "$(_rsctl_ids ls)" -- "$word")
		;;
	bind | unbind | interfaces)
		if ((COMP_CWORD == at + 1)) || [[ $command == unbind ]]; then
			mapfile -t COMPREPLY < <(compgen -W "$(_rsctl_ids interfaces)" -- "$word" && compgen -f -X '!*.proto' -- "$word")
		else
			mapfile -t COMPREPLY < <(compgen -f -- "$word")
			mapfile -t -O ${#COMPREPLY[@]} COMPREPLY < <(compgen -W "$(_rsctl_ids ls)" -- "$word")
		fi
		;;
	interface)
		if ((COMP_CWORD == at + 1)); then
			mapfile -t COMPREPLY < <(compgen -W "hash show diff add ls rm" -- "$word")
		else
			mapfile -t COMPREPLY < <(compgen -f -X '!*.proto' -- "$word" && compgen -d -- "$word")
		fi
		;;
	profile)
		if ((COMP_CWORD == at + 1)); then
			mapfile -t COMPREPLY < <(compgen -W "start stop show rm ls" -- "$word")
		else
			mapfile -t COMPREPLY < <(compgen -W "$(_rsctl_ids ls)" -- "$word")
		fi
		;;
	help | completion) mapfile -t COMPREPLY < <(compgen -W "$(rsctl completion 2>/dev/null)" -- "$word") ;;
	esac
}
complete -o filenames -F _rsctl rsctl
