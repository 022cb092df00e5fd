/** The shells that there is a script for. */
export const SHELLS = ['bash', 'zsh', 'fish'] as const;
/** A shell that there is a script for. */
export type Shell = (typeof SHELLS)[number];

/**
 * The hidden command that the scripts call with the words so far. It prints a candidate per line, with a tab before its
 * description, and then `:4`, or `:0` when files are wanted: the protocol that kubectl speaks with its plugins
 * (https://kubernetes.io/docs/tasks/extend-kubectl/kubectl-plugins/).
 */
export const COMPLETE_COMMAND = '__complete';

/** The script that makes `shell` complete `executable`. It holds no commands and flags, it asks for them; so it need not be renewed. */
export function completionScript(shell: Shell, executable: string): string {
  const functionName = `_${executable.replaceAll(/[^A-Za-z0-9]/g, '_')}`;
  return SCRIPTS[shell].replaceAll('FUNCTION', functionName).replaceAll('EXECUTABLE', executable);
}

const BASH = String.raw`# bash completion for EXECUTABLE: source <(EXECUTABLE completion bash)
FUNCTION() {
  local line output
  COMPREPLY=()
  output=$(EXECUTABLE __complete "${'$'}{COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null) || return
  while IFS= read -r line; do
    case $line in
      :0) compopt -o default 2>/dev/null ;;
      :*) ;;
      *) COMPREPLY+=("${'$'}{line%%$'\t'*}") ;;
    esac
  done <<< "$output"
}
complete -F FUNCTION EXECUTABLE
`;

const ZSH = String.raw`#compdef EXECUTABLE
# zsh completion for EXECUTABLE: source <(EXECUTABLE completion zsh)
FUNCTION() {
  local line output
  local -a candidates
  local -i files=0
  output=$(EXECUTABLE __complete "${'$'}{(@Q)words[2,CURRENT]}" 2>/dev/null) || return 1
  for line in "${'$'}{(@f)output}"; do
    case $line in
      :0) files=1 ;;
      :*) ;;
      *) line=${'$'}{line//:/\\:}; candidates+=("${'$'}{line/$'\t'/:}") ;;
    esac
  done
  [[ $PREFIX == -*=* ]] && compset -P '*='
  if (( files )); then _files; else _describe 'EXECUTABLE' candidates; fi
}
if [[ $funcstack[1] == FUNCTION ]]; then FUNCTION "$@"; else compdef FUNCTION EXECUTABLE; fi
`;

const FISH = String.raw`# fish completion for EXECUTABLE: EXECUTABLE completion fish | source
function _FUNCTION
    set -l words (commandline -opc)
    set -l current (commandline -ct)
    set -l prefix (string match -r -- '^--[^=]*=' "$current")
    for line in (EXECUTABLE __complete $words[2..-1] "$current" 2>/dev/null)
        switch $line
            case ':0'
                __fish_complete_path (string replace -- "$prefix" '' "$current")
            case ':*'
            case '*'
                echo "$prefix$line"
        end
    end
end
complete -c EXECUTABLE -f -a '(_FUNCTION)'
`;

const SCRIPTS: Readonly<Record<Shell, string>> = { bash: BASH, zsh: ZSH, fish: FISH };
