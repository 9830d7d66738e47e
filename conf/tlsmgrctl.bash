# bash completion for tlsmgrctl(8)

# Options and subcommands are asked of the program itself, ids of the daemon.
_tlsmgrctl_ids()
{
	# Those with escapes cannot be given as they are shown.
	tlsmgrctl --timeout 1 list "$1" --raw --limit 100 -- "$2" 2>/dev/null |
		sed -n '/\\/d; s/^[^B]*B  //p'
}

# Readline takes a word apart at some characters; it replaces the last part.
_tlsmgrctl_complete_id()
{
	local line=${COMP_LINE:0:COMP_POINT} id typed
	typed=${line##*[[:blank:]]}
	typed=${typed//\\/}
	while read -r id; do
		[ "${id#"$typed"}" = "$id" ] && [ -n "$typed" ] && continue
		printf -v id %q "$id"
		case $typed in *[:=]*) id=${id#"${typed%"${typed##*[:=]}"}"} ;; esac
		COMPREPLY+=("$id")
	done < <(_tlsmgrctl_ids "$1" "$typed")
}

# Behind these there has to be a value.
_tlsmgrctl_valued()
{
	tlsmgrctl help 2>/dev/null |
		sed -n '/^Options/,$s/^ .*\(--[a-z]*\) [A-Z].*/\1/p' | tr '\n' ' '
}

_tlsmgrctl()
{
	local word=${COMP_WORDS[COMP_CWORD]} previous=${COMP_WORDS[COMP_CWORD - 1]}
	local command="" type="" i valued

	COMPREPLY=()
	valued=" -c $(_tlsmgrctl_valued)"
	for ((i = 1; i < COMP_CWORD; i++)); do
		if [[ $valued == *" ${COMP_WORDS[i]} "* ]]; then
			((i++))
		elif [[ ${COMP_WORDS[i]} != -* ]]; then
			if [ -z "$command" ]; then
				command=${COMP_WORDS[i]}
			else
				type=${type:-${COMP_WORDS[i]}}
			fi
		fi
	done

	case $previous in
	-c | --config)
		mapfile -t COMPREPLY < <(compgen -d -- "$word")
		return
		;;
	--since | --step)
		mapfile -t COMPREPLY < <(
			compgen -W "1m 5m 30m 1h 2h 12h 24h" -- "$word")
		return
		;;
	--plot)
		mapfile -t COMPREPLY < <(compgen -f -- "$word")
		return
		;;
	--sort)
		local keys="age left size destination"
		[ "$command" = top ] && keys="lookups hits stores name"
		mapfile -t COMPREPLY < <(compgen -W "$keys" -- "$word")
		return
		;;
	esac
	[[ $valued == *" $previous "* ]] && return

	case $word in
	-*)
		# shellcheck disable=SC2086 # no subcommand is no word
		mapfile -t COMPREPLY < <(compgen -W "$(
			tlsmgrctl help $command 2>/dev/null |
				sed -n '/^Options/,$p' |
				grep -o -e '--[a-z]*' -e ' -[a-z],' | tr -d ' ,'
		)" -- "$word")
		return
		;;
	esac

	case $command in
	"" | help)
		mapfile -t COMPREPLY < <(compgen -W "$(
			tlsmgrctl help 2>/dev/null |
				sed -n '/^Options/q; s/^  \([a-z-]*\) .*/\1/p'
		)" -- "$word")
		;;
	flush)
		mapfile -t COMPREPLY < <(compgen -W "smtpd smtp lmtp all" -- "$word")
		;;
	list | delete | trace)
		if [ -z "$type" ]; then
			mapfile -t COMPREPLY < <(
				compgen -W "smtpd smtp lmtp" -- "$word")
		elif [ "$command" = delete ]; then
			_tlsmgrctl_complete_id "$type"
		fi
		;;
	exporter)
		mapfile -t COMPREPLY < <(compgen -W "127.0.0.1:9847" -- "$word")
		;;
	esac
}
complete -F _tlsmgrctl tlsmgrctl
