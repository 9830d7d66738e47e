# Steps with an installed package, for the scripts that tests/matrix/package
# runs in a system that may be thrown away.
#
# shellcheck shell=sh disable=SC2034 # what is set here is used there

deb=$(echo /root/postfix-tlsmgr2_*.deb)
steps=0

# The test is over if a command fails; the count is of those that did not.
expect() { # text command...
	text=$1
	shift
	if ! "$@"; then
		echo "FAILED: $text" >&2
		exit 1
	fi
	echo "ok: $text"
	steps=$((steps + 1))
}

fails() {
	! "$@"
}

uses() { # command in master.cf
	[ "$(postconf -F tlsmgr/unix/command)" = "tlsmgr/unix/command = $1" ]
}

# Is a program of this name running?
runs() {
	cat /proc/[0-9]*/comm 2>/dev/null | grep -q -x "$1"
}

tls() { # s_client options...
	sleep 2 | timeout 20 openssl s_client -connect 127.0.0.1:25 \
		-starttls smtp -tls1_2 "$@" 2>&1
}

opens_session() {
	tls -sess_out /tmp/session | grep -q '^New, TLSv1.2'
}

resumes_session() {
	tls -sess_in /tmp/session | grep -q '^Reused, TLSv1.2'
}

# Every file that is not a log, a cache or the package manager's own, with owner
# and mode, and what is in those of /etc.
list_files() {
	find / -xdev \( -path /root -o -path /tmp -o -path /proc -o -path /run \
		-o -path /dev -o -path /var/log -o -path /var/cache \
		-o -path /var/lib/dpkg -o -path /var/lib/apt \) -prune \
		-o -printf '%p %y %m %u:%g %l\n' | sort
	find /etc -type f -exec sha256sum {} + | sort -k 2
}

# Postfix and the package, with nothing switched over; what was there before it.
install_packages() {
	echo 'postfix postfix/main_mailer_type select Local only' |
		debconf-set-selections
	apt-get -q update
	apt-get -q -y install iproute2 openssl postfix
	cp /etc/postfix/master.cf /tmp/master.cf
	apt-get -q -y satisfy "$(dpkg-deb -f "$deb" Depends)"
	list_files >/root/files
	apt-get -q -y install "$deb"
}

# Postfix on a loopback interface that only its own processes see.
configure_postfix() {
	ip link set lo up
	openssl req -x509 -nodes -batch -newkey rsa:2048 -subj /CN=localhost \
		-keyout /root/key.pem -out /root/cert.pem
	postconf -e smtpd_tls_cert_file=/root/cert.pem \
		smtpd_tls_key_file=/root/key.pem \
		smtpd_tls_security_level=may inet_protocols=ipv4 \
		'smtpd_tls_session_cache_database=btree:${data_directory}/smtpd_scache'
}
