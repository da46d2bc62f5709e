# Completion of holdfast for bash.
_holdfast() {
  local word=${COMP_WORDS[COMP_CWORD]} previous=${COMP_WORDS[COMP_CWORD-1]} options
  COMPREPLY=()
  case $previous in
    --color) COMPREPLY=($(compgen -W 'auto always never' -- "$word")); return ;;
    --format) COMPREPLY=($(compgen -W 'table json csv' -- "$word")); return ;;
    --pin-state) COMPREPLY=($(compgen -W 'all replacements none' -- "$word")); return ;;
    --mode) COMPREPLY=($(compgen -W 'off safe hold' -- "$word")); return ;;
  esac
  if [[ $COMP_CWORD -eq 1 && $word != -* ]]; then
    COMPREPLY=($(compgen -W 'demo attach run upstream-sim bench explain check stats sessions show cache' -- "$word"))
    return
  fi
  case ${COMP_WORDS[1]} in
    demo) options='--listen --pin --no-pin --no-affinity --no-probes --pin-state --no-tui --ndjson --capture --capture-size --response-headers --native-diagnostics --ledger --no-ledger --ledger-days --ledger-size --ascii --color --read-only --control --no-control --metrics --client-token --max-body --keep-bodies --max-sessions --max-connections --connect-timeout --drain-timeout --pace --turns --slots --prefill-speed --prices --config --no-config --print-config --help --version' ;;
    attach) options='--no-tui --ascii --color --read-only --no-wait --help --version' ;;
    run) options='--listen --upstream --pin --no-pin --no-affinity --no-probes --pin-state --upstream-ca --no-tui --ndjson --capture --capture-size --response-headers --native-diagnostics --ledger --no-ledger --ledger-days --ledger-size --ascii --color --read-only --control --no-control --metrics --client-token --max-body --keep-bodies --max-sessions --max-connections --connect-timeout --drain-timeout --prices --config --no-config --print-config --help --version' ;;
    upstream-sim) options='--listen --slots --prefill-speed --help --version' ;;
    bench) options='--turns --help --version' ;;
    explain) options='--json --breaks --help --version' ;;
    check) options='--json --breaks --max-reprocessed --min-preserved --help --version' ;;
    stats) options='--ledger --ascii --window --mode --session --workspace --compare --format --prices --config --no-config --print-config --help --version' ;;
    sessions) options='--ledger --window --workspace --format --prices --config --no-config --print-config --help --version' ;;
    show) options='--ledger --format --prices --config --no-config --print-config --help --version' ;;
    cache) options='--ledger --json --help --version' ;;
    *) options='--listen --upstream --pin --no-pin --no-affinity --no-probes --pin-state --upstream-ca --no-tui --ndjson --capture --capture-size --response-headers --native-diagnostics --ledger --no-ledger --ledger-days --ledger-size --ascii --color --read-only --control --no-control --metrics --client-token --max-body --keep-bodies --max-sessions --max-connections --connect-timeout --drain-timeout --prices --config --no-config --print-config --print-default-config --help --version' ;;
  esac
  if [[ $word == -* ]]; then
    COMPREPLY=($(compgen -W "$options" -- "$word"))
  else
    COMPREPLY=($(compgen -f -- "$word"))
  fi
}
complete -o filenames -F _holdfast holdfast
