# bash completion for tlsmgrctl(8)

# Options and subcommands are asked of the program itself.
_tlsmgrctl()
{
	local word=${COMP_WORDS[COMP_CWORD]} previous=${COMP_WORDS[COMP_CWORD - 1]}
	local command="" i

	COMPREPLY=()
	case $previous in
	-c | --config)
		mapfile -t COMPREPLY < <(compgen -d -- "$word")
		return
		;;
	--timeout | --limit)
		return
		;;
	--sort)
		mapfile -t COMPREPLY < <(
			compgen -W "age left size destination" -- "$word")
		return
		;;
	esac

	for ((i = 1; i < COMP_CWORD; i++)); do
		case ${COMP_WORDS[i]} in
		-c | --config | --timeout | --sort | --limit) ((i++)) ;;
		-*) ;;
		*)
			command=${COMP_WORDS[i]}
			break
			;;
		esac
	done

	case $word in
	-*)
		# shellcheck disable=SC2086 # no subcommand is no word
		mapfile -t COMPREPLY < <(compgen -W "$(
			tlsmgrctl help $command 2>/dev/null |
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
	list | delete)
		[ "$previous" != "$command" ] ||
			mapfile -t COMPREPLY < <(
				compgen -W "smtpd smtp lmtp" -- "$word")
		;;
	esac
}
complete -F _tlsmgrctl tlsmgrctl
