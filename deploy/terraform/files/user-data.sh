# The rest is the same text in the Terraform module and in the CloudFormation template; a test
# compares them. The lines above wrote /etc/foretide/setup.env.
cat > /usr/local/sbin/foretide-setup <<'END_OF_SETUP'
#!/bin/bash
# Prepares a monitor of Foretide. Settings are in /etc/foretide/setup.env.
#
#   foretide-setup boot           at every boot: store, package, configuration, secrets, services
#   foretide-setup configuration  every minute: takes a changed configuration
#   foretide-setup accept-store   after a store was lost: ends observing, back to the configured modes
set -euo pipefail
source /etc/foretide/setup.env
export AWS_DEFAULT_REGION=$REGION

# The one line to change once the package understands it:
#   config=ssm:$PARAMETERS
config=/etc/foretide/foretide.toml

# systemd keeps the state of a service with a dynamic user here; /var/lib/foretide is a link to it.
state=/var/lib/private/foretide
secrets=/etc/foretide/secrets
last_good=$state/last-good.toml
accepted=$state/accepted-volume
taken=/run/foretide-configuration
observing=/run/foretide-new-store
log=/var/log/foretide-setup.log

# say LEVEL MESSAGE: one line of JSON, as auto-scaler.service logs with log_format = "json".
say() {
    local message=${2//\\/\\\\}
    message=${message//\"/\\\"}
    message=${message//[$'\n\t\r']/ }
    printf '{"timestamp":"%s","level":"%s","message":"setup: %s"}\n' \
        "$(date -u +%Y-%m-%dT%H:%M:%S.000Z)" "$1" "$message" | tee -a "$log"
}

parameter() {
    aws ssm get-parameter --name "$1" --with-decryption --query Parameter.Value --output text
}

device() {
    local path=/dev/disk/by-id/nvme-Amazon_Elastic_Block_Store_${VOLUME_ID/-/}
    [[ -b $path ]] && readlink -f "$path"
}

# A volume can be attached to one instance. So the attach is the lock: while the instance that this
# one replaces still runs, it has the store, and this one waits here, before Foretide starts.
attach_volume() {
    local token instance error last='' tries=0
    token=$(curl -fsS -X PUT http://169.254.169.254/latest/api/token \
        -H 'X-aws-ec2-metadata-token-ttl-seconds: 300')
    instance=$(curl -fsS http://169.254.169.254/latest/meta-data/instance-id \
        -H "X-aws-ec2-metadata-token: $token")
    until device >/dev/null; do
        if ((tries++ % 3 == 0)); then
            if ! error=$(aws ec2 attach-volume --volume-id "$VOLUME_ID" --device /dev/sdf \
                --instance-id "$instance" 2>&1 >/dev/null) && [[ $error != "$last" ]]; then
                say WARNING "$VOLUME_ID cannot be attached yet, trying again: $error"
                last=$error
            fi
        fi
        sleep 5
    done
}

# Formats the volume only if it holds nothing: no signature, and zeros at its beginning.
format_volume() {
    local status=0
    blkid -p "$1" >/dev/null || status=$?
    if ((status == 2)) && cmp -s -n 1048576 "$1" /dev/zero; then
        say INFO "$VOLUME_ID is blank: making a file system"
        mkfs.ext4 -q -L foretide "$1"
    fi
}

mount_store() {
    local found
    mountpoint -q "$state" && return
    attach_volume
    found=$(device)
    format_volume "$found"
    install -d -m 0700 /var/lib/private
    install -d -m 0755 "$state"
    ln -sfn private/foretide /var/lib/foretide
    mount -t ext4 -o noatime,nodev,nosuid,noexec "$found" "$state"
    resize2fs "$found" >/dev/null 2>&1 || say WARNING "the store's file system could not be grown"
}

# Whether this volume is another one than the store that the monitor had before. A parameter remembers
# that one, and so does the store, for a boot without Systems Manager. The first volume ever is
# accepted as it is. A volume that was restored from a snapshot is another volume.
store_is_new() {
    local mark
    mark=$(parameter "$PARAMETERS/store") || mark=$(<"$accepted") || exit 1
    if [[ $mark == none ]]; then
        accept_store || exit 1
    elif [[ $mark != "$VOLUME_ID" ]]; then
        return 0
    fi
    return 1
}

accept_store() {
    aws ssm put-parameter --name "$PARAMETERS/store" --value "$VOLUME_ID" --overwrite >/dev/null &&
        echo "$VOLUME_ID" >"$accepted"
}

install_package() {
    local file installed=/etc/foretide/package.sha256
    [[ -e $installed && $(<"$installed") == "$PACKAGE_SHA256" ]] && return
    file=$(mktemp -d)/${PACKAGE_URL##*/}
    case $PACKAGE_URL in
        s3://*) aws s3 cp --only-show-errors "$PACKAGE_URL" "$file" ;;
        *) curl -fsSL --proto '=https' --retry 3 -o "$file" "$PACKAGE_URL" ;;
    esac
    if ! sha256sum --check --status <<<"$PACKAGE_SHA256  $file"; then
        say WARNING "$PACKAGE_URL is not the package with the sum $PACKAGE_SHA256: not installed"
        return 1
    fi
    case $file in
        *.rpm) rpm -U --oldpackage --replacepkgs "$file" ;;
        *.deb) DEBIAN_FRONTEND=noninteractive dpkg --force-confold -i "$file" ;;
    esac
    rm -r "${file%/*}"
    echo "$PACKAGE_SHA256" >"$installed"
}

# Writes the configuration that PREFIX/current points to, if it is valid. Ends with 0 if it took one,
# with 1 if that one was taken or refused before, and with 2 if there is none to take.
write_configuration() {
    local version new=$config.new
    [[ $config == ssm:* ]] && return 1
    version=$(parameter "$PARAMETERS/current") || return 2
    [[ -e $taken && $(<"$taken") == "$version" ]] && return 1
    parameter "$PARAMETERS/v/$version/config" >"$new" || return 2
    echo "$version" >"$taken"
    if ! foretide config check "$new" >/dev/null; then
        say WARNING "configuration $version is not valid and is not taken"
        return 2
    fi
    install -m 0644 "$new" "$config"
    cp "$config" "$last_good"
    say INFO "took configuration $version"
}

# At boot the last configuration that was taken will do, if Systems Manager cannot be reached or has
# an invalid one. It lies on the store's volume.
configure_at_boot() {
    write_configuration && return
    if [[ $config != ssm:* ]]; then
        [[ -e $last_good ]] || return
        install -m 0644 "$last_good" "$config"
        say WARNING "started with the last configuration that was taken"
    fi
}

# Secrets reach the services by LoadCredential, never by a variable or an argument.
write_secrets() {
    install -d -m 0700 "$secrets"
    [[ -z $WEBHOOK_PARAMETER ]] || parameter "$WEBHOOK_PARAMETER" >"$secrets/webhook-url"
    [[ -z $TOKEN_PARAMETER ]] || parameter "$TOKEN_PARAMETER" >"$secrets/page-token"
}

# A new store has lost pauses, pins, cooldowns and the violation record of groups that were scaled
# before. So Foretide only observes until a person has looked.
write_units() {
    local folder=/etc/systemd/system/auto-scaler.service.d dry_run=''
    if store_is_new; then
        dry_run=' --dry-run'
        touch "$observing"
        say WARNING "new-store: $VOLUME_ID is not the store that this monitor had before; groups are only observed, whatever their mode. Look at each group, then run: sudo foretide-setup accept-store"
    fi
    install -d -m 0755 "$folder"
    {
        cat <<END
[Unit]
Requires=foretide-setup.service
After=foretide-setup.service
AssertPathIsMountPoint=$state

[Service]
Environment=AWS_REGION=$REGION FORETIDE_RUN__OUTPUT=/var/lib/foretide FORETIDE_RUN__LOG_FORMAT=json
END
        if [[ $config == ssm:* || -n $dry_run ]]; then
            printf 'ExecStart=\nExecStart=/usr/bin/foretide run --config %s%s\n' "$config" "$dry_run"
        fi
        if [[ $PREDICTOR == true ]]; then
            echo 'Environment=FORETIDE_DEFAULTS__PREDICTOR=http://127.0.0.1:8000'
        fi
        if [[ -n $WEBHOOK_PARAMETER ]]; then
            echo "LoadCredential=webhook-url:$secrets/webhook-url"
            echo 'Environment=FORETIDE_NOTIFY__URL_FILE=%d/webhook-url'
        fi
        if [[ -n $TOKEN_PARAMETER ]]; then
            echo "LoadCredential=page-token:$secrets/page-token"
            echo 'Environment=FORETIDE_RUN__TOKEN_FILE=%d/page-token FORETIDE_RUN__CONTROLS=true'
        fi
    } >"$folder/50-setup.conf"
    systemctl daemon-reload
}

# Foretide works without the agent; the alarm `silent` says that lines are missing.
ship_logs() {
    local agent=/opt/aws/amazon-cloudwatch-agent file
    file=$agent/etc/foretide.json
    if [[ ! -x $agent/bin/amazon-cloudwatch-agent-ctl ]]; then
        dnf install -y -q amazon-cloudwatch-agent || {
            say WARNING "the CloudWatch agent cannot be installed: no lines in $LOG_GROUP"
            return 0
        }
    fi
    install -d "$agent/etc"
    cat >"$file" <<END
{
  "logs": { "logs_collected": { "files": { "collect_list": [
    { "file_path": "$state/ec2_monitor.log", "log_group_name": "$LOG_GROUP", "log_stream_name": "{instance_id}/run" },
    { "file_path": "$log", "log_group_name": "$LOG_GROUP", "log_stream_name": "{instance_id}/setup" }
  ] } } }
}
END
    "$agent/bin/amazon-cloudwatch-agent-ctl" -a fetch-config -m ec2 -s -c "file:$file" >/dev/null ||
        say WARNING "the CloudWatch agent does not start: no lines in $LOG_GROUP"
}

# SIGHUP reads the file again. A service that ended, on an invalid file say, is started.
reload() {
    if systemctl is-active --quiet auto-scaler.service; then
        systemctl kill --signal=HUP --kill-who=main auto-scaler.service
    else
        systemctl start --no-block auto-scaler.service
    fi
}

case ${1:-} in
    boot)
        rm -f "$taken" "$observing"
        mount_store
        install_package
        configure_at_boot
        write_secrets
        write_units
        ship_logs
        if [[ $PREDICTOR == true ]]; then
            systemctl start --no-block ml-predictor.service
        fi
        systemctl start --no-block auto-scaler.service
        ;;
    configuration)
        # Once a minute, so that the alarm lasts until the store is accepted.
        [[ ! -e $observing ]] || say WARNING "new-store: groups are still only observed"
        if write_configuration; then reload; fi
        ;;
    accept-store)
        accept_store
        rm -f "$observing"
        write_units
        say INFO "$VOLUME_ID is accepted as the store: modes are as configured"
        systemctl restart --no-block auto-scaler.service
        ;;
    *)
        sed -n '2,/^set/{/^set/!s/^# \{0,1\}//p}' "$0" >&2
        exit 64
        ;;
esac
END_OF_SETUP
chmod 0755 /usr/local/sbin/foretide-setup

cat > /etc/systemd/system/foretide-setup.service <<'END'
[Unit]
Description=Prepares the store, the package and the configuration of Foretide
Wants=network-online.target
After=network-online.target

[Service]
Type=oneshot
RemainAfterExit=yes
ExecStart=/usr/local/sbin/foretide-setup boot
TimeoutStartSec=infinity
Restart=on-failure
RestartSec=30

[Install]
WantedBy=multi-user.target
END

cat > /etc/systemd/system/foretide-configuration.service <<'END'
[Unit]
Description=Takes a changed configuration of Foretide
Requisite=foretide-setup.service
After=foretide-setup.service

[Service]
Type=oneshot
ExecStart=/usr/local/sbin/foretide-setup configuration
END

cat > /etc/systemd/system/foretide-configuration.timer <<'END'
[Unit]
Description=Looks for a changed configuration of Foretide every minute

[Timer]
OnActiveSec=60
OnUnitInactiveSec=60
RandomizedDelaySec=15

[Install]
WantedBy=timers.target
END

systemctl daemon-reload
systemctl enable foretide-setup.service foretide-configuration.timer
systemctl start --no-block foretide-setup.service foretide-configuration.timer
