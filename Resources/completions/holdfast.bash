# Completion of holdfast for bash.
_holdfast() {
  local word=${COMP_WORDS[COMP_CWORD]} previous=${COMP_WORDS[COMP_CWORD-1]} options rest
  COMPREPLY=()
  # bash takes --option=WORD for three words.
  if [[ $word == = ]]; then
    word=
  elif [[ $previous == = ]]; then
    previous=${COMP_WORDS[COMP_CWORD-2]}
  fi
  case $previous in
    --listen) return ;;
    --upstream) return ;;
    --pin) if [[ ${COMP_WORDS[COMP_CWORD-1]} == = || ${COMP_WORDS[COMP_CWORD]} == = ]]; then
      COMPREPLY=($(compgen -W 'off safe hold' -- "$word")); return; fi ;;
    --no-pin) return ;;
    --pin-state) COMPREPLY=($(compgen -W 'all replacements none' -- "$word")); return ;;
    --upstream-ca) COMPREPLY=($(compgen -f -- "$word")); return ;;
    --ndjson) COMPREPLY=($(compgen -f -- "$word")); return ;;
    --capture) COMPREPLY=($(compgen -d -- "$word")); return ;;
    --capture-size) return ;;
    --ledger) COMPREPLY=($(compgen -f -- "$word")); return ;;
    --ledger-days) return ;;
    --ledger-size) return ;;
    --color) COMPREPLY=($(compgen -W 'auto always never' -- "$word")); return ;;
    --control) COMPREPLY=($(compgen -f -- "$word")); return ;;
    --metrics) return ;;
    --client-token) return ;;
    --max-body) return ;;
    --max-in-flight) return ;;
    --keep-bodies) return ;;
    --max-sessions) return ;;
    --max-connections) return ;;
    --connect-timeout) return ;;
    --drain-timeout) return ;;
    --pace) return ;;
    --turns) return ;;
    --slots) return ;;
    --prefill-speed) return ;;
    --max-reprocessed) return ;;
    --min-preserved) return ;;
    --window) COMPREPLY=($(compgen -W '90m 24h 7d all' -- "$word")); return ;;
    --mode) COMPREPLY=($(compgen -W 'off safe hold' -- "$word")); return ;;
    --session) return ;;
    --workspace) return ;;
    --compare) return ;;
    --format) COMPREPLY=($(compgen -W 'table json csv' -- "$word")); return ;;
    --prices) COMPREPLY=($(compgen -f -- "$word")); return ;;
    --config) COMPREPLY=($(compgen -f -- "$word")); return ;;
  esac
  if [[ $COMP_CWORD -eq 1 && $word != -* ]]; then
    COMPREPLY=($(compgen -W 'demo attach run upstream-sim bench explain check stats sessions show cache' -- "$word"))
    return
  fi
  case ${COMP_WORDS[1]} in
    demo) options='--listen --pin --no-pin --no-affinity --no-probes --pin-state --no-tui --ndjson --capture --capture-size --response-headers --native-diagnostics --ledger --no-ledger --ledger-days --ledger-size --ascii --color --read-only --control --no-control --metrics --client-token --max-body --max-in-flight --keep-bodies --max-sessions --max-connections --connect-timeout --drain-timeout --pace --turns --slots --prefill-speed --prices --config --no-config --print-config --help --version' rest=() ;;
    attach) options='--no-tui --ascii --color --read-only --no-wait --config --no-config --print-config --help --version' rest=(-f) ;;
    run) options='--listen --upstream --pin --no-pin --no-affinity --no-probes --pin-state --upstream-ca --no-tui --ndjson --capture --capture-size --response-headers --native-diagnostics --ledger --no-ledger --ledger-days --ledger-size --ascii --color --read-only --control --no-control --metrics --client-token --max-body --max-in-flight --keep-bodies --max-sessions --max-connections --connect-timeout --drain-timeout --prices --config --no-config --print-config --help --version' rest=(-f) ;;
    upstream-sim) options='--listen --slots --prefill-speed --help --version' rest=() ;;
    bench) options='--turns --help --version' rest=() ;;
    explain) options='--json --breaks --help --version' rest=(-f) ;;
    check) options='--json --breaks --max-reprocessed --min-preserved --config --no-config --print-config --help --version' rest=(-f) ;;
    stats) options='--ledger --ascii --window --mode --session --workspace --compare --format --prices --config --no-config --print-config --help --version' rest=() ;;
    sessions) options='--ledger --window --workspace --format --prices --config --no-config --print-config --help --version' rest=() ;;
    show) options='--ledger --format --prices --config --no-config --print-config --help --version' rest=() ;;
    cache) options='--ledger --json --config --no-config --print-config --help --version' rest=(-W 'stats inspect zones') ;;
    *) options='--listen --upstream --pin --no-pin --no-affinity --no-probes --pin-state --upstream-ca --no-tui --ndjson --capture --capture-size --response-headers --native-diagnostics --ledger --no-ledger --ledger-days --ledger-size --ascii --color --read-only --control --no-control --metrics --client-token --max-body --max-in-flight --keep-bodies --max-sessions --max-connections --connect-timeout --drain-timeout --prices --config --no-config --print-config --print-default-config --help --version' rest=() ;;
  esac
  if [[ $word == -* ]]; then
    COMPREPLY=($(compgen -W "$options" -- "$word"))
  elif [[ ${#rest[@]} -gt 0 ]]; then
    COMPREPLY=($(compgen "${rest[@]}" -- "$word"))
  fi
}
complete -o filenames -F _holdfast holdfast
