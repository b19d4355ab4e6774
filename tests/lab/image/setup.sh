#!/bin/bash
# Runs inside the image's root when it is made; the wheels were fetched before, so no network is needed here.
set -euo pipefail
python3 -m venv /opt/venv
/opt/venv/bin/pip install -q --no-cache-dir --disable-pip-version-check --no-index --find-links /tmp/wheels -r /tmp/requirements.txt
mkdir -p /app /run/sshd
rm -f /etc/nginx/sites-enabled/default

# One image, many services: each container starts what it is for.
systemctl disable redis-server postgresql nginx ssh cron docker-registry >/dev/null 2>&1 || true
# Where systemd is the first process of a container, these have nothing to do or cannot work.
systemctl mask systemd-udevd.service systemd-udev-trigger.service systemd-modules-load.service systemd-sysctl.service \
  systemd-logind.service getty.target console-getty.service systemd-remount-fs.service dev-hugepages.mount \
  sys-fs-fuse-connections.mount systemd-timesyncd.service apt-daily.timer apt-daily-upgrade.timer \
  systemd-firstboot.service systemd-update-utmp.service >/dev/null 2>&1
systemctl set-default multi-user.target >/dev/null 2>&1
# Debian's unit asks for a user namespace and for more open files than a container may have.
mkdir -p /etc/systemd/system/redis-server.service.d
printf '[Service]\nPrivateUsers=no\nLimitNOFILE=\n' >/etc/systemd/system/redis-server.service.d/container.conf
