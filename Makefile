# tlsmgr: a TLS manager for Postfix.
#
#   make          build            make check    unit tests, no root
#   make run      try it           make test     everything
#
# Directories follow the GNU conventions; Postfix's own are asked of
# postconf(1) and can be given: make DAEMON_DIRECTORY=/usr/libexec/postfix

BUILD ?= build
POSTCONF ?= postconf
PKG_CONFIG ?= pkg-config
PYTHON ?= /usr/bin/python3

# What the installed Postfix says of itself; upstream's defaults without one.
ask = $(or $(shell $(POSTCONF) -d -h $(1) 2>/dev/null),$(2))
CONFIG_DIRECTORY ?= $(call ask,config_directory,/etc/postfix)
QUEUE_DIRECTORY ?= $(call ask,queue_directory,/var/spool/postfix)
DAEMON_DIRECTORY ?= $(call ask,daemon_directory,/usr/libexec/postfix)
COMMAND_DIRECTORY ?= $(call ask,command_directory,/usr/sbin)
DATA_DIRECTORY ?= $(call ask,data_directory,/var/lib/postfix)
MAIL_OWNER ?= $(call ask,mail_owner,postfix)
DATABASE_TYPE ?= $(call ask,default_database_type,hash)
# Empty before Postfix 3.11, which does not know it.
CACHE_DB_TYPE ?= $(call ask,default_cache_db_type)
IMPORT_ENVIRONMENT ?= $(call ask,import_environment,MAIL_CONFIG MAIL_DEBUG \
	MAIL_LOGTAG TZ XAUTHORITY DISPLAY LANG=C POSTLOG_SERVICE POSTLOG_HOSTNAME)

PREFIX ?= /usr/local
MANDIR ?= $(PREFIX)/share/man
# The administrator's tool, beside those of Postfix.
SBINDIR ?= $(COMMAND_DIRECTORY)
COMPLETIONDIR ?= $(PREFIX)/share/bash-completion/completions
ZSHDIR ?= $(PREFIX)/share/zsh/site-functions
FISHDIR ?= $(PREFIX)/share/fish/vendor_completions.d
DOCDIR ?= $(PREFIX)/share/doc/tlsmgr
# Of the metrics; systemd looks below /usr/local too. Nothing is enabled.
UNITDIR ?= $(PREFIX)/lib/systemd/system
DESTDIR ?=

CC ?= cc
OPTIMIZE ?= -O2 -g
WARNINGS = -Wall -Wextra -Wpedantic -Werror -Wshadow -Wstrict-prototypes \
	-Wmissing-prototypes -Wwrite-strings -Wformat=2 -Wundef -Wvla
# Some compilers define it by themselves, and who gives it means another value.
FORTIFY = $(if $(findstring _FORTIFY_SOURCE,$(CPPFLAGS) $(CFLAGS)),,\
	-U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=2)
HARDEN ?= $(FORTIFY) -fstack-protector-strong -fPIE
HARDEN_LINK ?= -pie -Wl,-z,relro -Wl,-z,now
SANITIZE ?=

CPPFLAGS_ALL = -D_GNU_SOURCE -Iinclude $(CPPFLAGS) \
	$(shell $(PKG_CONFIG) --cflags libevent_core libcrypto 2>/dev/null) \
	$(if $(SECCOMP),-DHAVE_LIBSECCOMP) $(if $(HIREDIS),-DHAVE_HIREDIS) \
	$(if $(NCURSES),-DHAVE_NCURSES)
CFLAGS_ALL = -std=c11 $(OPTIMIZE) $(WARNINGS) $(HARDEN) $(SANITIZE) $(CFLAGS)
LDFLAGS_ALL = $(HARDEN_LINK) $(SANITIZE) $(LDFLAGS)
# Optional, `make SECCOMP=`: without it no filter of system calls.
SECCOMP = $(shell $(PKG_CONFIG) --libs libseccomp 2>/dev/null)
# Optional, `make HIREDIS=`: without it hosts can share no engine.
HIREDIS = $(shell $(PKG_CONFIG) --libs hiredis 2>/dev/null)
# Optional, `make NCURSES=`: without it `tlsmgrctl top` has no live screen.
NCURSES = $(shell $(PKG_CONFIG) --libs ncursesw 2>/dev/null \
	|| $(PKG_CONFIG) --libs ncurses 2>/dev/null)
# Berkeley DB comes without a pkg-config file.
LIBS = $(shell $(PKG_CONFIG) --libs libevent_core libcrypto 2>/dev/null \
	|| echo -levent_core -lcrypto) -ldb-5.3 $(SECCOMP) $(HIREDIS)

# A room is a folder of src/. Its files include what is in include/ and, beside
# them, what is private to the room: the compiler finds nothing else.
ROOMS := $(patsubst src/%/,%,$(wildcard src/*/))
# All but the two that have a main() is a library, so every test links what the
# programs are made of.
PROGRAMS := src/daemon/main.c src/ctl/tlsmgrctl.c
SOURCES := $(filter-out $(PROGRAMS),$(wildcard src/*/*.c))
OBJECTS := $(SOURCES:src/%.c=$(BUILD)/obj/%.o)
# Tests look into every room; cmocka hands them a state that few need; and they
# have functions of the C library of their own, which fortified are others.
TEST_CFLAGS = $(CPPFLAGS_ALL) -Itests/lib $(ROOMS:%=-Isrc/%) $(CFLAGS_ALL) \
	-Wno-unused-parameter -U_FORTIFY_SOURCE
LIBRARY := $(BUILD)/libtlsmgr.a
UNIT_TESTS := $(patsubst tests/unit/%.c,$(BUILD)/tests/%,$(wildcard tests/unit/test_*.c))
TEST_TOOLS := $(patsubst tests/lib/%.c,$(BUILD)/tests/%,$(wildcard tests/lib/*_dump.c)) \
	$(BUILD)/tests/clockshift.so $(BUILD)/tests/forbidden.so \
	$(BUILD)/tests/failing_malloc.so

.PHONY: all check test run run-fleet clean install uninstall deps deps-test \
	check-e2e check-shared check-docs check-rooms check-asan check-asan-unit check-valgrind \
	lint bench bench-quick
all: deps $(BUILD)/tlsmgr $(BUILD)/tlsmgrctl

# Debian packages, installed only where something is missing; never with
# TLSMGR_INSTALL=no. Postfix is not one of them where there is a postconf(1).
deps:
	@POSTCONF="$(POSTCONF)" tests/run/install-packages build
	@echo __LP64__ | $(CC) $(CPPFLAGS) $(CFLAGS) -E -P - 2>&1 | grep -qx 1 || \
	    { echo "tlsmgr is for 64-bit machines: clients expect a 64-bit" \
		"time, and $(CC) compiles for another" >&2; exit 1; }
deps-test: deps
	@tests/run/install-packages test

$(BUILD)/obj/%.o: src/%.c Makefile | deps
	@mkdir -p $(@D)
	$(CC) $(CPPFLAGS_ALL) $(CPPFLAGS_$(*F)) $(CFLAGS_ALL) -MMD -MP -c -o $@ $<

CPPFLAGS_settings_param = \
	-DDEFAULT_CONFIG_DIRECTORY='"$(CONFIG_DIRECTORY)"' \
	-DDEFAULT_QUEUE_DIRECTORY='"$(QUEUE_DIRECTORY)"' \
	-DDEFAULT_DAEMON_DIRECTORY='"$(DAEMON_DIRECTORY)"' \
	-DDEFAULT_COMMAND_DIRECTORY='"$(COMMAND_DIRECTORY)"' \
	-DDEFAULT_DATA_DIRECTORY='"$(DATA_DIRECTORY)"' \
	-DDEFAULT_MAIL_OWNER='"$(MAIL_OWNER)"' \
	-DDEFAULT_DATABASE_TYPE='"$(DATABASE_TYPE)"' \
	-DDEFAULT_CACHE_DB_TYPE='"$(CACHE_DB_TYPE)"' \
	-DDEFAULT_IMPORT_ENVIRONMENT='"$(IMPORT_ENVIRONMENT)"'

CPPFLAGS_ctl_settings = -DPROGRAM_NAME='"$(PROGRAM)"'
CPPFLAGS_settings_defaults = -I$(BUILD)

# Changes where they do: after an upgrade of Postfix, or when they are given.
$(BUILD)/obj/config/settings_param.o $(BUILD)/obj/ctl/ctl_settings.o: $(BUILD)/defaults
$(BUILD)/defaults: FORCE | deps
	@mkdir -p $(@D)
	@set -- $(CPPFLAGS_settings_param) $(CPPFLAGS_ctl_settings); echo "$$*" | cmp -s - $@ || \
	    echo "$$*" >$@
FORCE:

# The defaults of all parameters of Postfix, but for those that it finds out when
# it runs. Without a postconf(1) there are none.
$(BUILD)/obj/config/settings_defaults.o: $(BUILD)/postfix_defaults.def
$(BUILD)/postfix_defaults.def: FORCE | deps
	@mkdir -p $(@D)
	@$(POSTCONF) -d 2>/dev/null | LC_ALL=C sed -n \
	    -e '/^\(mydomain\|myhostname\|mynetworks\|process_[a-z]*\|service_name\) =/d' \
	    -e 's/[\\"?]/\\&/g' \
	    -e 's/^\([A-Za-z0-9_]*\) = *\(.*\)$$/POSTFIX_DEFAULT("\1", "\2")/p' >$@.new
	@cmp -s $@.new $@ && rm $@.new || mv $@.new $@

$(LIBRARY): $(OBJECTS)
	@rm -f $@
	$(AR) rcs $@ $(OBJECTS)

$(BUILD)/tlsmgr: $(BUILD)/obj/daemon/main.o $(LIBRARY)
$(BUILD)/tlsmgrctl: $(BUILD)/obj/ctl/tlsmgrctl.o $(LIBRARY)
# HTTP and a screen are for the tool alone.
$(BUILD)/tlsmgrctl: LIBS += -levent_extra $(NCURSES)
$(BUILD)/tlsmgr $(BUILD)/tlsmgrctl:
	$(CC) $(LDFLAGS_ALL) -o $@ $^ $(LIBS)

# It uses the size of a terminal.
LDFLAGS_test_ctl_in_place = $(NCURSES)
$(BUILD)/tests/%: tests/unit/%.c $(LIBRARY) | deps-test
	@mkdir -p $(@D)
	$(CC) $(TEST_CFLAGS) -MMD -MP -o $@ $< \
	    $(LIBRARY) $(LDFLAGS_ALL) $(LDFLAGS_$*) -lcmocka $(LIBS)

$(BUILD)/tests/%_dump: tests/lib/%_dump.c $(LIBRARY)
	@mkdir -p $(@D)
	$(CC) $(TEST_CFLAGS) -MMD -MP -o $@ $< $(LIBRARY) \
	    $(LDFLAGS_ALL) $(LIBS)

$(BUILD)/tests/%.so: tests/lib/%.c
	@mkdir -p $(@D)
	$(CC) $(CPPFLAGS_ALL) $(OPTIMIZE) $(WARNINGS) -fPIC -shared -o $@ $< -ldl

-include $(wildcard $(BUILD)/obj/*/*.d $(BUILD)/tests/*.d)

# --- tests ------------------------------------------------------------------

# Unit tests only: no root, no network, seconds.
check: deps-test $(UNIT_TESTS)
	@tests/run/unit-tests $(UNIT_TESTS)

PYTEST = $(PYTHON) -B -m pytest -q -p no:cacheprovider
E2E ?= tests/e2e
E2E_ENV = TLSMGR_BUILD="$(abspath $(BUILD))" \
	TLSMGR_BINARY="$(abspath $(BUILD))/tlsmgr"

# End to end: needs root, for chroot(2), the mail owner and master(8).
check-e2e: all deps-test $(TEST_TOOLS)
	@tests/run/install-packages test-too || \
	    echo "Tests that need one of these are skipped, and named."
	$(E2E_ENV) $(PYTEST) $(PYTEST_FLAGS) $(E2E)

# What hosts share, alone: with a secret, and with an engine that is started here.
check-shared: all deps-test $(TEST_TOOLS)
	$(E2E_ENV) $(PYTEST) $(PYTEST_FLAGS) $(wildcard $(E2E)/test_shared*.py)

test: check check-docs check-rooms check-e2e

# Who may use whom (CONTRIBUTING.md), a contract for each function, and a test
# for each file.
check-rooms: all
	@status=0; for check in "check-rooms.py $(BUILD)/obj" check-contracts.py \
	    check-tested.py; do tests/run/$$check || status=1; done; exit $$status

check-docs: deps-test
	mandoc -T lint -W warning man/*.[1-9]
	tests/run/check-documented
	tests/run/check-links .

# Everything again under AddressSanitizer and UndefinedBehaviorSanitizer. The
# jail forbids the ptrace(2) that looks for leaks at exit, so end to end leaks
# are looked for by check-valgrind.
ASAN = -fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer
MAKE_ASAN = $(MAKE) BUILD=$(BUILD)/asan SANITIZE="$(ASAN)" HARDEN= \
	HARDEN_LINK= OPTIMIZE="-O1 -g"
check-asan: check-asan-unit
	ASAN_OPTIONS=detect_leaks=0 $(MAKE_ASAN) check-e2e

check-asan-unit:
	LSAN_OPTIONS=suppressions=$(abspath tests/lib/lsan.supp):print_suppressions=0 \
	    $(MAKE_ASAN) check

check-valgrind: all deps-test $(TEST_TOOLS)
	@tests/run/install-packages valgrind
	$(E2E_ENV) TLSMGR_WRAP="valgrind -q --vgdb=no --error-exitcode=99 \
	    --leak-check=full --errors-for-leak-kinds=definite \
	    --suppressions=$(abspath tests/lib/valgrind.supp)" \
	    $(PYTEST) $(PYTEST_FLAGS) tests/e2e/test_conformance.py

TIDY := $(SOURCES:src/%.c=tidy/%)
.PHONY: $(TIDY)
tidy/config/settings_defaults: $(BUILD)/postfix_defaults.def
$(TIDY): tidy/%:
	@clang-tidy --quiet src/$*.c -- -std=c11 $(CPPFLAGS_ALL) \
	    $(CPPFLAGS_settings_param) $(CPPFLAGS_settings_defaults) \
	    $(CPPFLAGS_ctl_settings) 2>/dev/null

lint: deps
	@tests/run/install-packages lint
	clang-format --dry-run --Werror src/*/*.[ch] include/*.h tests/*/*.[ch]
	$(MAKE) -j$$(nproc) $(TIDY)
	$(MAKE) -j$$(nproc) BUILD=$(BUILD)/analyzer CC=gcc HARDEN= HARDEN_LINK= \
	    OPTIMIZE="-O1 -fanalyzer" $(BUILD)/analyzer/libtlsmgr.a
	cppcheck --quiet --error-exitcode=1 --inline-suppr --std=c11 \
	    '-D_Noreturn=__attribute__((noreturn))' \
	    --enable=warning,portability -Iinclude src
	shellcheck -x -S warning .ci/run conf/tlsmgr-secret debian/*.p* \
	    debian/tests/switch-over tests/matrix/* \
	    $(filter-out %.py,$(wildcard tests/run/*))

# A private Postfix with this daemon in it; KEEP=1 leaves it running.
run: all deps-test
	@$(E2E_ENV) $(PYTHON) -B tests/run/demo.py

# Several of them, and a load balancer in front; minutes.
run-fleet: all deps-test
	@tests/run/install-packages fleet
	@$(E2E_ENV) $(PYTHON) -B tests/run/fleet.py

bench bench-quick: all deps-test $(TEST_TOOLS)
	$(MAKE) -C tests/bench BUILD=$(abspath $(BUILD))/bench
	$(E2E_ENV) $(PYTHON) -B tests/bench/bench.py \
	    $(if $(filter bench-quick,$@),--quick)

# The plot in the documents, from the figures of the last `make bench`.
.PHONY: figures
figures:
	@tests/run/install-packages figures
	$(PYTHON) -B tests/bench/plot.py $(BUILD)/bench.json docs/figures/latency.svg

# --- fuzzing ----------------------------------------------------------------

# tests/fuzz/fuzz_NAME.c is a target; tests/fuzz/corpus/NAME are the inputs of
# it that are kept. New ones, by clang's libFuzzer, are left in $(BUILD)/fuzz.
#   make fuzz FUZZ_SECONDS=3600 FUZZ_TARGET=service
FUZZ_SECONDS ?= 60
FUZZ_TARGETS := $(patsubst tests/fuzz/fuzz_%.c,%,$(wildcard tests/fuzz/fuzz_*.c))
FUZZ_TARGET ?= $(FUZZ_TARGETS)
# What calls the target: by default something that only reads files.
FUZZ_DRIVER ?= tests/fuzz/replay.c
FUZZ_ENV = LSAN_OPTIONS=suppressions=$(abspath tests/lib/lsan.supp):print_suppressions=0
.PHONY: fuzz fuzz-run check-fuzz fuzz-replay

$(BUILD)/fuzz_%: tests/fuzz/fuzz_%.c tests/fuzz/fuzz.h tests/fuzz/replay.c \
    $(wildcard tests/lib/*.h) $(LIBRARY)
	$(CC) $(TEST_CFLAGS) -o $@ $< $(FUZZ_DRIVER) \
	    $(LIBRARY) $(LDFLAGS_ALL) $(LIBS)

fuzz: deps
	@tests/run/install-packages fuzz
	$(MAKE) BUILD=$(BUILD)/fuzz CC=clang FUZZ_DRIVER=-fsanitize=fuzzer \
	    SANITIZE="$(ASAN) -fsanitize=fuzzer-no-link" \
	    HARDEN= HARDEN_LINK= OPTIMIZE="-O1 -g" fuzz-run

fuzz-run: $(FUZZ_TARGET:%=$(BUILD)/fuzz_%)
	$(FUZZ_ENV) tests/run/fuzz $(BUILD) $(FUZZ_SECONDS) $(FUZZ_TARGET)

# The kept inputs, without clang.
check-fuzz: deps
	$(MAKE_ASAN) fuzz-replay

fuzz-replay: $(FUZZ_TARGET:%=$(BUILD)/fuzz_%)
	@for target in $(FUZZ_TARGET); do \
	    $(FUZZ_ENV) $(BUILD)/fuzz_$$target tests/fuzz/corpus/$$target/* \
	        >$(BUILD)/replay.log || { tail -n 1 $(BUILD)/replay.log; exit 1; }; \
	    echo "$$target: $$(wc -l <$(BUILD)/replay.log) inputs"; \
	done

# --- installation -----------------------------------------------------------

# Beside Postfix's own tlsmgr, under a name of its own: README.md.
PROGRAM ?= tlsmgr2
UNITS = tlsmgr-metrics.service tlsmgr-metrics.timer tlsmgr-exporter.service

install: all
	install -d "$(DESTDIR)$(DAEMON_DIRECTORY)" "$(DESTDIR)$(MANDIR)/man8" \
	    "$(DESTDIR)$(MANDIR)/man5" "$(DESTDIR)$(MANDIR)/man7" \
	    "$(DESTDIR)$(DOCDIR)/docs/figures" "$(DESTDIR)$(DOCDIR)/conf" \
	    "$(DESTDIR)$(SBINDIR)" "$(DESTDIR)$(COMPLETIONDIR)" \
	    "$(DESTDIR)$(ZSHDIR)" "$(DESTDIR)$(FISHDIR)" "$(DESTDIR)$(UNITDIR)"
	install -m 755 $(BUILD)/tlsmgr "$(DESTDIR)$(DAEMON_DIRECTORY)/$(PROGRAM)"
	install -m 755 $(BUILD)/tlsmgrctl "$(DESTDIR)$(SBINDIR)/tlsmgrctl"
	install -m 644 conf/tlsmgrctl.bash \
	    "$(DESTDIR)$(COMPLETIONDIR)/tlsmgrctl"
	install -m 644 conf/_tlsmgrctl "$(DESTDIR)$(ZSHDIR)/_tlsmgrctl"
	install -m 644 conf/tlsmgrctl.fish "$(DESTDIR)$(FISHDIR)/tlsmgrctl.fish"
	install -m 644 man/tlsmgr.8 "$(DESTDIR)$(MANDIR)/man8/$(PROGRAM).8"
	install -m 644 man/tlsmgrctl.8 "$(DESTDIR)$(MANDIR)/man8/tlsmgrctl.8"
	install -m 644 man/tlsmgr.cf.5 "$(DESTDIR)$(MANDIR)/man5/tlsmgr.cf.5"
	install -m 644 man/tlsmgr-protocol.7 \
	    "$(DESTDIR)$(MANDIR)/man7/tlsmgr-protocol.7"
	install -m 644 $(UNITS:%=conf/%) "$(DESTDIR)$(UNITDIR)"
	install -m 644 README.md CHANGES.md SECURITY.md CONTRIBUTING.md LICENSE \
	    "$(DESTDIR)$(DOCDIR)"
	install -m 644 docs/*.md "$(DESTDIR)$(DOCDIR)/docs"
	install -m 644 docs/figures/*.svg "$(DESTDIR)$(DOCDIR)/docs/figures"
	install -m 644 $(filter-out %/tlsmgr-secret %/_tlsmgrctl %.bash %.fish,\
	    $(wildcard conf/*)) \
	    "$(DESTDIR)$(DOCDIR)/conf"
	install -m 755 conf/tlsmgr-secret "$(DESTDIR)$(DOCDIR)/conf"
	@[ -n "$(DESTDIR)" ] || printf '%s\n' "" \
	    "Installed. Postfix does not use it yet. As root:" \
	    "    tlsmgrctl check      would it work here?" \
	    "    tlsmgrctl enable     have Postfix use it" \
	    "    tlsmgrctl disable    and go back" \
	    "Where Postfix used an earlier version of it: postfix reload" \
	    "Guide: $(DOCDIR)/docs/administration.md"

# Not while Postfix uses it, in any instance that postmulti(1) knows: master(8)
# cannot start what is not there.
uninstall:
	@[ -n "$(DESTDIR)" ] || for directory in "$(CONFIG_DIRECTORY)" \
	    $$($(POSTCONF) -c "$(CONFIG_DIRECTORY)" -x -h \
		multi_instance_directories 2>/dev/null | tr , ' '); do \
	    if $(POSTCONF) -c "$$directory" -F '*/unix/command' 2>/dev/null | \
		grep -q ' = $(PROGRAM)\b'; then \
		echo "$$directory/master.cf has $(PROGRAM):" \
		    "tlsmgrctl -c $$directory disable comes first" >&2; exit 1; \
	    fi; \
	done
	@[ -n "$(DESTDIR)" ] || \
	    systemctl disable --now tlsmgr-metrics.timer \
	    tlsmgr-exporter.service >/dev/null 2>&1 || :
	rm -f "$(DESTDIR)$(DAEMON_DIRECTORY)/$(PROGRAM)" \
	    $(UNITS:%="$(DESTDIR)$(UNITDIR)/%") \
	    "$(DESTDIR)$(ZSHDIR)/_tlsmgrctl" \
	    "$(DESTDIR)$(FISHDIR)/tlsmgrctl.fish" \
	    "$(DESTDIR)$(SBINDIR)/tlsmgrctl" \
	    "$(DESTDIR)$(COMPLETIONDIR)/tlsmgrctl" \
	    "$(DESTDIR)$(MANDIR)/man8/tlsmgrctl.8" \
	    "$(DESTDIR)$(MANDIR)/man8/$(PROGRAM).8" \
	    "$(DESTDIR)$(MANDIR)/man5/tlsmgr.cf.5" \
	    "$(DESTDIR)$(MANDIR)/man7/tlsmgr-protocol.7"
	rm -rf "$(DESTDIR)$(DOCDIR)"

clean:
	rm -rf $(BUILD)

# --- Debian -----------------------------------------------------------------

.PHONY: deb test-matrix test-matrix-quick

# The package, in $(BUILD)/deb: built from a copy, for it is made one level up.
deb:
	@tests/run/install-packages build deb
	rm -rf $(BUILD)/deb
	mkdir -p $(BUILD)/deb/source
	tar --exclude=./.git --exclude=./build --exclude=__pycache__ -cf - . | \
	    tar -C $(BUILD)/deb/source -xf -
	cd $(BUILD)/deb/source && env -u MAKEFLAGS -u BUILD dpkg-buildpackage -us -uc -b
	cd $(BUILD)/deb && lintian --fail-on error,warning *.changes

# Every suite of Debian with its own Postfix, and the package; takes a while.
# Says what it skips where there is no root, debootstrap or package archive.
test-matrix:
	BUILD=$(BUILD) tests/matrix/run $(SUITES)
	BUILD=$(BUILD) tests/matrix/package $(SUITES)
	BUILD=$(BUILD) tests/matrix/package --upgrade bullseye bookworm
	BUILD=$(BUILD) tests/matrix/package --release $(SUITES)
	BUILD=$(BUILD) tests/matrix/fresh $(SUITES)
	BUILD=$(BUILD) tests/matrix/arm64

# What CI has the time for.
test-matrix-quick:
	BUILD=$(BUILD) tests/matrix/run --quick $(SUITES)
	BUILD=$(BUILD) tests/matrix/package
