#!/bin/bash
# In systemd's place for tests/system/test_deployment.py: starts and stops what the installed units
# of Sunshine say, each behind its socket, and nginx. Without its protection and its watchdog.
set -euo pipefail
units=/etc/systemd/system

value() { sed -n "s/^$2=//p" "$units/$1"; }

start() {
    local port=$1 home=/run/sunshine-$1
    if [ -e "$home.pid" ] && kill -0 "$(cat "$home.pid")" 2>/dev/null; then return; fi
    local address user
    address=$(value sunshine@.socket ListenStream)
    user=$(value sunshine@.service User)
    cd "$(value sunshine@.service WorkingDirectory)"
    # shellcheck disable=SC2046 # words
    env -i PATH="$PATH" $(value sunshine@.service Environment) setsid \
        systemd-socket-activate --listen="${address/\%i/$port}" \
        -- setpriv --reuid="$user" --regid="$user" --init-groups \
        $(value sunshine@.service ExecStart) </dev/null >>"$home.log" 2>&1 &
    echo $! >"$home.pid"
    until [ -n "$(ss --no-header --listening --tcp "sport = $port")" ]; do sleep 0.05; done
}

stop() {
    local pid
    pid=$(cat "/run/sunshine-$1.pid" 2>/dev/null) || return 0
    kill "$pid" 2>/dev/null || return 0
    while kill -0 "$pid" 2>/dev/null; do sleep 0.05; done
}

verb=$1
shift
[ "${1-}" != --now ] || shift
for unit; do
    case $verb:$unit in
        enable:sunshine@*.socket | stop:sunshine@*.socket) [ -e $units/sunshine@.socket ] ;;
        enable:sunshine-backup.timer) systemd-analyze verify --man=no "$units/$unit" ;;
        enable:sunshine@* | start:sunshine@* | restart:sunshine@* | stop:sunshine@*)
            port=${unit//[!0-9]/}
            case $verb in stop | restart) stop "$port" ;; esac
            case $verb in stop) ;; *) start "$port" ;; esac
            ;;
        start:nginx) nginx ;;
        restart:nginx) nginx -s stop 2>/dev/null || true; sleep 0.5; nginx ;;
        stop:nginx) nginx -s stop 2>/dev/null || true; sleep 0.5 ;;
        *) echo "systemctl $verb $unit: not here" >&2; exit 1 ;;
    esac
done
[ $# -gt 0 ] || [ "$verb" = daemon-reload ]
