# Configuration and store stay: a changed foretide.toml as foretide.toml.rpmsave, the store where it is.
if [ -d /run/systemd/system ]; then
    systemctl daemon-reload >/dev/null 2>&1 || :
    if [ "$1" -ge 1 ]; then
        systemctl try-restart auto-scaler.service ml-predictor.service >/dev/null 2>&1 || :
    fi
fi
