# $1 is 0 when the last version goes, and 1 on an upgrade.
if [ "$1" -eq 0 ] && command -v systemctl >/dev/null 2>&1; then
    systemctl --no-reload disable auto-scaler.service ml-predictor.service >/dev/null 2>&1 || :
    if [ -d /run/systemd/system ]; then
        systemctl stop auto-scaler.service ml-predictor.service >/dev/null 2>&1 || :
    fi
fi
