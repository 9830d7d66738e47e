# Root file systems of Debian suites, for the scripts beside this file. They are
# kept in $cache, which all clones share: SUITE.tar as debootstrap(8) made it,
# SUITE with the packages of tests/run/install-packages. Where packages come
# from is what apt on this machine is configured to use.
#
# shellcheck shell=sh disable=SC2034 # what is set here is used there

source=$(cd "$(dirname "$0")/../.." && pwd)
cache=${TLSMGR_CACHE:-${XDG_CACHE_HOME:-${HOME:-/root}/.cache}/tlsmgr}/matrix
cache_days=30 # testing and sid move on
log=$source/${BUILD:-build}/matrix
case ${BUILD:-} in /*) log=$BUILD/matrix ;; esac
no_suite="it is not in the package archive, or that cannot be reached"
archive=
security=
root_pid=

trap 'kill -KILL $root_pid 2>/dev/null; exit 1' HUP INT TERM

say() {
	printf '%s: %s\n' "${0##*/}" "$*" >&2
}

# The addresses of Debian's archive and of its security archive.
archive_find() {
	targets=$(apt-get indextargets --format '$(LABEL) $(REPO_URI)' \
		'Created-By: Packages' 'Origin: Debian' 2>/dev/null)
	archive=$(echo "$targets" | sed -n 's/^Debian //p' | head -n 1)
	security=$(echo "$targets" | sed -n 's/^Debian-Security //p' | head -n 1)
}

# Is a suite there, for apt with all its settings?
archive_has() { # URI suite
	[ -n "$1" ] && timeout 60 /usr/lib/apt/apt-helper download-file \
		"${1%/}/dists/$2/InRelease" "$cache/release" >/dev/null 2>&1
}

# Can a root of this suite be had, from the archive or from an earlier run?
root_is_possible() { # suite
	archive_has "$archive" "$1" || root_has_packages "$1"
}

# Why no root can be made on this machine; nothing if it can.
roots_impossible() {
	if [ "$(id -u)" -ne 0 ]; then
		echo "needs root"
	elif ! command -v apt-get >/dev/null; then
		echo "no apt"
	elif ! "$source/tests/run/install-packages" matrix >&2 ||
		! command -v debootstrap >/dev/null; then
		echo "no debootstrap, and it cannot be installed"
	elif ! unshare --mount --pid --fork true 2>/dev/null; then
		echo "may not make namespaces"
	elif ! mkdir -p "$cache" || ! can_make_devices; then
		echo "may not make devices in $cache"
	elif archive_find && [ -z "$archive" ] &&
		apt-get -q update >/dev/null 2>&1 &&
		archive_find && [ -z "$archive" ]; then
		echo "apt knows of no archive of Debian"
	fi
}

# As debootstrap(8) has to, on a file system that allows it.
can_make_devices() {
	rm -f "$cache/null"
	mknod "$cache/null" c 1 3 2>/dev/null &&
		{ : >"$cache/null"; } 2>/dev/null
}

# One run at a time: the roots are shared. Until the end of this script.
cache_lock() {
	exec 9>"$cache/lock"
	flock -n 9 && return
	say "waiting for another run to be done with $cache"
	flock 9
}

# Run a command in a root, with a /proc, /dev and /run of its own. Its processes
# and mounts go with the namespaces, however it ends.
root_run() { # root command...
	unshare --mount --pid --fork --kill-child sh -euc '
		root=$1
		shift
		mount -t proc proc "$root/proc"
		mount -t tmpfs -o mode=755 tmpfs "$root/run"
		mkdir -p "$root/run/lock"
		mount -t tmpfs -o mode=755 tmpfs "$root/dev"
		mkdir "$root/dev/pts" "$root/dev/shm"
		mount -t devpts -o newinstance,ptmxmode=666 devpts "$root/dev/pts"
		mount -t tmpfs tmpfs "$root/dev/shm"
		for device in null zero full random urandom tty; do
			: >"$root/dev/$device"
			mount --bind "/dev/$device" "$root/dev/$device"
		done
		ln -s pts/ptmx "$root/dev/ptmx"
		ln -s /proc/self/fd "$root/dev/fd"
		chroot "$root" env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin \
			HOME=/root LC_ALL=C.UTF-8 DEBIAN_FRONTEND=noninteractive \
			"$@"
		exit' sh "$@" </dev/null 9>&- & # sh is process 1, reaps orphans
	root_pid=$!
	wait $root_pid
}

# What a suite's sources.list says.
archive_list() { # suite
	echo "deb $archive $1 main"
	if archive_has "$security" "$1-security"; then
		echo "deb $security $1-security main"
	fi
}

# apt inside asks where apt outside asks, in the same way.
root_configure_apt() { # root suite
	apt-config dump Acquire >"$1/etc/apt/apt.conf.d/90acquire"
	echo 'APT::Install-Recommends "false";' \
		>"$1/etc/apt/apt.conf.d/90recommends"
	archive_list "$2" >"$1/etc/apt/sources.list"
	printf '#!/bin/sh\nexit 101\n' >"$1/usr/sbin/policy-rc.d"
	chmod 755 "$1/usr/sbin/policy-rc.d"
}

# $cache/SUITE.tar: a minimal system.
base_make() { # suite
	! is_young "$cache/$1.tar" || return 0
	new=$cache/$1.new
	rm -rf "$new"
	mkdir -p "$new"
	# A suite younger than debootstrap is made as sid is.
	recipe=/usr/share/debootstrap/scripts/$1
	[ -e "$recipe" ] || recipe=/usr/share/debootstrap/scripts/sid
	debootstrap --variant=minbase \
		--keyring=/usr/share/keyrings/debian-archive-keyring.gpg \
		"$1" "$new" "$archive" "$recipe" &&
		root_configure_apt "$new" "$1" &&
		root_run "$new" sh -c 'apt-get -q update &&
			apt-get -q -y dist-upgrade && apt-get clean' &&
		rm -rf "$new"/var/lib/apt/lists/* &&
		tar -C "$new" --one-file-system -cf "$new.tar" . &&
		mv "$new.tar" "$cache/$1.tar" &&
		rm -rf "$new"
}

# A new root from $cache/SUITE.tar.
base_unpack() { # suite root
	rm -rf "$2"
	mkdir -p "$2"
	tar -C "$2" --numeric-owner -xf "$cache/$1.tar"
}

# What is to be installed in a root.
root_stamp() {
	TLSMGR_INSTALL=list "$source/tests/run/install-packages" \
		build clang test
}

root_has_packages() { # suite
	[ "$(cat "$cache/$1/stamp" 2>/dev/null)" = "$(root_stamp)" ]
}

is_young() { # file
	[ -n "$(find "$1" -mtime "-$cache_days" 2>/dev/null)" ]
}

# $cache/SUITE: a system to build and test in, made anew where what is to be
# installed has changed since, or where it is old and can be had again.
root_make() { # suite
	if root_has_packages "$1" && {
		is_young "$cache/$1/stamp" || ! archive_has "$archive" "$1"
	}; then
		return 0
	fi
	base_make "$1" &&
		base_unpack "$1" "$cache/$1" &&
		root_copy_source "$cache/$1" &&
		root_run "$cache/$1" \
			/src/tests/run/install-packages build clang test &&
		root_stamp >"$cache/$1/stamp"
}

# The source as it is now, without what was built from it.
root_copy_source() { # root
	rm -rf "$1/src"
	mkdir "$1/src"
	tar -C "$source" --exclude=./.git --exclude=./build \
		--exclude=__pycache__ -cf - . |
		tar -C "$1/src" --no-same-owner -xf -
}
