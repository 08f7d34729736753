# SPDX-License-Identifier: MIT
# Bash completion for tracetool. Verbs, options and the words an option takes are
# asked of the program, so that they are always those of the one that will run.

_tracetool_verbs()
{
	"$1" help 2>/dev/null | sed -n 's/^  \([a-z][a-z-]*\)  .*/\1/p'
}

# Each option in --help, with a = if it takes a value.
_tracetool_options()
{
	"$1" "$2" --help 2>/dev/null |
		sed -n -e 's/^  \(-[A-Za-z0-9], \|    \)\(--[a-z0-9-]*=\{0,1\}\).*/\2/p' \
			-e 's/^  \(-[A-Za-z0-9]\)\( .*\)*$/\1/p'
}

# The program refuses an empty word and lists those that it knows.
_tracetool_words()
{
	"$1" "$2" "$3=" 2>&1 </dev/null | sed -n "s/.*'' is not one of \([a-z0-9, -]*[a-z0-9]\).*/\1/p" | tr -d ','
}

# The views of stat: it lists them to one who names none that it knows.
_tracetool_views()
{
	"$1" stat anything anything 2>&1 </dev/null | sed -n 's/.* one of the views \([a-z, ]*[a-z]\).*/\1/p' | tr -d ','
}

_tracetool()
{
	local program=${COMP_WORDS[0]} verb=${COMP_WORDS[1]-}
	local current=${COMP_WORDS[COMP_CWORD]} option=
	COMPREPLY=()

	if [ "$COMP_CWORD" -eq 1 ]; then
		mapfile -t COMPREPLY < <(compgen -W "$(_tracetool_verbs "$program") help --help --version" \
			-- "$current")
		return
	fi
	if [ "$verb" = help ]; then
		mapfile -t COMPREPLY < <(compgen -W "$(_tracetool_verbs "$program")" -- "$current")
		return
	fi

	# Bash cuts --option=word in three.
	if [ "$current" = = ]; then
		option=${COMP_WORDS[COMP_CWORD - 1]} current=
	elif [ "${COMP_WORDS[COMP_CWORD - 1]}" = = ]; then
		option=${COMP_WORDS[COMP_CWORD - 2]}
	elif [[ ${COMP_WORDS[COMP_CWORD - 1]} == --* && $current != -* ]]; then
		option=${COMP_WORDS[COMP_CWORD - 1]}
	fi
	if [ -n "$option" ]; then
		mapfile -t COMPREPLY < <(compgen -W "$(_tracetool_words "$program" "$verb" "$option")" \
			-- "$current")
	elif [[ $current == -* ]]; then
		mapfile -t COMPREPLY < <(compgen -W "$(_tracetool_options "$program" "$verb")" -- "$current")
		[[ ${#COMPREPLY[@]} -ne 1 || ${COMPREPLY[0]} != *= ]] || compopt -o nospace 2>/dev/null
	elif [ "$verb" = stat ] && [ "$COMP_CWORD" -eq 2 ]; then
		mapfile -t COMPREPLY < <(compgen -W "$(_tracetool_views "$program")" -- "$current"
			compgen -f -- "$current")
	fi
	# Nothing of ours: a file.
}

complete -o bashdefault -o default -F _tracetool tracetool
