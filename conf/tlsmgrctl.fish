# fish completion for tlsmgrctl(8)

# Options and subcommands are asked of the program itself, ids of the daemon.
function __tlsmgrctl_operands
    set -l skip 0
    # Behind these there has to be a value.
    set -q __tlsmgrctl_valued
    or set -g __tlsmgrctl_valued -c (tlsmgrctl help 2>/dev/null |
        sed -n '/^Options/,$s/^ .*\(--[a-z]*\) [A-Z].*/\1/p')
    set -l tokens (commandline -opc)
    for token in $tokens[2..-1]
        if test $skip = 1
            set skip 0
        else if contains -- $token $__tlsmgrctl_valued
            set skip 1
        else if not string match -q -- '-*' $token
            echo $token
        end
    end
end

function __tlsmgrctl_subcommands
    tlsmgrctl help 2>/dev/null |
        awk '/^Options/ { exit } /^  [a-z]/ { print $1 "\t" substr($0, 30) }'
end

function __tlsmgrctl_options
    set -l operands (__tlsmgrctl_operands)
    tlsmgrctl help $operands[1] 2>/dev/null |
        awk '/^Options/ { is_behind = 1 }
            is_behind && match($0, /--[a-z]+/) {
                print substr($0, RSTART, RLENGTH) "\t" substr($0, 30) }'
    printf '%s\t%s\n' -c 'the configuration directory' -h 'print this'
end

# Those with escapes cannot be given as they are shown.
function __tlsmgrctl_ids
    set -l operands (__tlsmgrctl_operands)
    tlsmgrctl --timeout 1 list $operands[2] --raw --limit 100 \
        -- (commandline -ct) 2>/dev/null | sed -n '/\\\\/d; s/^[^B]*B  //p'
end

function __tlsmgrctl_is_at
    set -l operands (__tlsmgrctl_operands)
    test (count $operands) -eq $argv[1]; or return
    set -q argv[2]; or return 0
    contains -- $operands[1] $argv[2..-1]
end

complete -c tlsmgrctl -f
complete -c tlsmgrctl -n 'string match -q -- "-*" (commandline -ct)' -a '(__tlsmgrctl_options)'
complete -c tlsmgrctl -s c -l config -x -a '(__fish_complete_directories)'
complete -c tlsmgrctl -l timeout -x
complete -c tlsmgrctl -n '__tlsmgrctl_is_at 1 list' -l limit -x
complete -c tlsmgrctl -n '__tlsmgrctl_is_at 1 list' -l sort -x -a 'age left size destination'
complete -c tlsmgrctl -n '__tlsmgrctl_is_at 1 top' -l sort -x -a 'lookups hits stores name'
complete -c tlsmgrctl -n '__tlsmgrctl_is_at 1 history' -l since -x -a '1m 5m 30m 1h 2h 12h 24h'
complete -c tlsmgrctl -n '__tlsmgrctl_is_at 1 history' -l step -x -a '1m 5m 30m 1h 2h 12h 24h'
complete -c tlsmgrctl -n '__tlsmgrctl_is_at 1 history' -l plot -r -F
complete -c tlsmgrctl -n '__tlsmgrctl_is_at 0' -a '(__tlsmgrctl_subcommands)'
complete -c tlsmgrctl -n '__tlsmgrctl_is_at 1 help' -a '(__tlsmgrctl_subcommands)'
complete -c tlsmgrctl -n '__tlsmgrctl_is_at 1 flush' -a 'smtpd smtp lmtp all'
complete -c tlsmgrctl -n '__tlsmgrctl_is_at 1 list delete trace' -a 'smtpd smtp lmtp'
complete -c tlsmgrctl -n '__tlsmgrctl_is_at 2 delete' -a '(__tlsmgrctl_ids)'
complete -c tlsmgrctl -n '__tlsmgrctl_is_at 1 exporter' -a '127.0.0.1:9847'
