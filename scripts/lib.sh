# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# Helpers shared by the scripts in this folder; sourced, never run. Needs nothing but bash, coreutils
# and dpkg, because it runs before anything is installed. Sets `top`, the root of the source tree.

set -euo pipefail
top=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
# shellcheck disable=SC2034 # the scripts that source this use it
me=${0##*/}

# say TEXT… : one line of progress for a person
say() { printf '==> %s\n' "$*" >&2; }

# fail TEXT… : one line saying why the script cannot go on
fail() {
	printf '%s: error: %s\n' "$me" "$*" >&2
	exit 1
}

require_root() { [ "$(id -u)" = 0 ] || fail "must be run as root: try 'sudo $0'"; }

# packages_of GROUP… : the names in those groups of scripts/packages
packages_of() {
	awk -v groups=" $* " '!/^#/ && NF == 2 && index(groups, " " $1 " ") { print $2 }' "$top/scripts/packages"
}

# packages_missing PACKAGE… : those that are not installed. A state is a line for each architecture, and may be
# "not-installed" as well: that of a package which another one mentions.
packages_missing() {
	local name
	for name in "$@"; do
		dpkg-query -W -f='${db:Status-Status}\n' "$name" 2>/dev/null | grep -x installed >/dev/null || echo "$name"
	done
}

# Packages such as nginx start their service when they are installed. The host did not ask for that:
# for the time of the installation a policy-rc.d says no, unless the host has a policy of its own.
services_forbid() {
	policy=/usr/sbin/policy-rc.d
	[ ! -e "$policy" ] && [ ! -L "$policy" ] || return 0
	printf '#!/bin/sh\nexit 101\n' >"$policy"
	chmod 755 "$policy"
	trap 'rm -f "$policy"' EXIT
}

services_allow() {
	if [ -n "$(trap -p EXIT)" ]; then
		rm -f "$policy"
		trap - EXIT
	fi
}

# services_disable PACKAGE… : what was just installed does not start at the next boot either
services_disable() {
	local name
	command -v systemctl >/dev/null || return 0
	for name in "$@"; do
		case $name in
		nginx | redis-server) systemctl -q disable "$name.service" >/dev/null 2>&1 || : ;;
		esac
	done
}

# install_packages GROUP… : installs what is missing; silent, and needs no network, when nothing is
install_packages() {
	local wanted missing log
	mapfile -t wanted < <(packages_of "$@" | sort -u)
	mapfile -t missing < <(packages_missing "${wanted[@]}")
	[ ${#missing[@]} -gt 0 ] || return 0
	require_root
	say "installing ${#missing[@]} Debian packages: ${missing[*]}"
	log=$(mktemp)
	services_forbid
	if ! { apt-get -q update && DEBIAN_FRONTEND=noninteractive apt-get -q -y --no-install-recommends \
		-o Dpkg::Options::=--force-confold install "${missing[@]}"; } </dev/null >"$log" 2>&1; then
		tail -n 20 "$log" >&2
		rm -f "$log"
		fail "apt-get could not install ${missing[*]}"
	fi
	rm -f "$log"
	services_allow
	services_disable "${missing[@]}"
}

# build_tree NAME [MESON_OPTION…] : configures build/NAME when needed and compiles it, silent on success
build_tree() {
	local dir=$top/build/$1 log
	shift
	log=$(mktemp)
	if [ -f "$dir/build.ninja" ]; then
		set -- meson configure "$dir" "$@"
	else
		rm -rf "$dir"
		set -- meson setup "$dir" "$top" "$@"
	fi
	if ! { "$@" && ninja -C "$dir"; } </dev/null >"$log" 2>&1; then
		grep -E -A12 'error:|ERROR|FAILED|undefined reference' "$log" | head -n 60 >&2 || tail -n 40 "$log" >&2
		rm -f "$log"
		fail "building ${dir#"$top"/} failed"
	fi
	rm -f "$log"
}
