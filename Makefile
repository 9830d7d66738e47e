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
DOCDIR ?= $(PREFIX)/share/doc/tlsmgr
DESTDIR ?=

CC ?= cc
OPTIMIZE ?= -O2 -g
WARNINGS = -Wall -Wextra -Wpedantic -Werror -Wshadow -Wstrict-prototypes \
	-Wmissing-prototypes -Wwrite-strings -Wformat=2 -Wundef -Wvla
HARDEN ?= -D_FORTIFY_SOURCE=2 -fstack-protector-strong -fPIE
HARDEN_LINK ?= -pie -Wl,-z,relro -Wl,-z,now
SANITIZE ?=

CPPFLAGS_ALL = -D_GNU_SOURCE -Iinclude $(CPPFLAGS) \
	$(shell $(PKG_CONFIG) --cflags libevent_core libcrypto 2>/dev/null)
CFLAGS_ALL = -std=c11 $(OPTIMIZE) $(WARNINGS) $(HARDEN) $(SANITIZE) $(CFLAGS)
LDFLAGS_ALL = $(HARDEN_LINK) $(SANITIZE) $(LDFLAGS)
# Berkeley DB comes without a pkg-config file.
LIBS = $(shell $(PKG_CONFIG) --libs libevent_core libcrypto 2>/dev/null \
	|| echo -levent_core -lcrypto) -ldb-5.3

# All but main.c is a library, so every test links what the daemon is made of.
SOURCES := $(filter-out src/main.c,$(wildcard src/*.c))
OBJECTS := $(SOURCES:src/%.c=$(BUILD)/%.o)
LIBRARY := $(BUILD)/libtlsmgr.a
UNIT_TESTS := $(patsubst tests/unit/%.c,$(BUILD)/tests/%,$(wildcard tests/unit/test_*.c))
TEST_TOOLS := $(patsubst tests/lib/%.c,$(BUILD)/tests/%,$(wildcard tests/lib/*_dump.c)) \
	$(BUILD)/tests/clockshift.so

.PHONY: all check test run clean install uninstall deps deps-test \
	check-e2e check-docs check-asan check-asan-unit check-valgrind \
	lint bench bench-quick
all: deps $(BUILD)/tlsmgr

# Debian packages, installed only where something is missing.
deps:
	@tests/run/install-packages build
deps-test:
	@tests/run/install-packages build test

$(BUILD)/%.o: src/%.c Makefile
	@mkdir -p $(@D)
	$(CC) $(CPPFLAGS_ALL) $(CPPFLAGS_$*) $(CFLAGS_ALL) -MMD -MP -c -o $@ $<

CPPFLAGS_settings = \
	-DDEFAULT_CONFIG_DIRECTORY='"$(CONFIG_DIRECTORY)"' \
	-DDEFAULT_QUEUE_DIRECTORY='"$(QUEUE_DIRECTORY)"' \
	-DDEFAULT_DAEMON_DIRECTORY='"$(DAEMON_DIRECTORY)"' \
	-DDEFAULT_COMMAND_DIRECTORY='"$(COMMAND_DIRECTORY)"' \
	-DDEFAULT_DATA_DIRECTORY='"$(DATA_DIRECTORY)"' \
	-DDEFAULT_MAIL_OWNER='"$(MAIL_OWNER)"' \
	-DDEFAULT_DATABASE_TYPE='"$(DATABASE_TYPE)"' \
	-DDEFAULT_CACHE_DB_TYPE='"$(CACHE_DB_TYPE)"' \
	-DDEFAULT_IMPORT_ENVIRONMENT='"$(IMPORT_ENVIRONMENT)"'

$(LIBRARY): $(OBJECTS)
	@rm -f $@
	$(AR) rcs $@ $(OBJECTS)

$(BUILD)/tlsmgr: $(BUILD)/main.o $(LIBRARY)
	$(CC) $(LDFLAGS_ALL) -o $@ $(BUILD)/main.o $(LIBRARY) $(LIBS)

$(BUILD)/tests/%: tests/unit/%.c $(LIBRARY)
	@mkdir -p $(@D)
	$(CC) $(CPPFLAGS_ALL) -Itests/lib $(CFLAGS_ALL) -MMD -MP -o $@ $< \
	    $(LIBRARY) $(LDFLAGS_ALL) $(LDFLAGS_$*) -lcmocka $(LIBS)

$(BUILD)/tests/%_dump: tests/lib/%_dump.c $(LIBRARY)
	@mkdir -p $(@D)
	$(CC) $(CPPFLAGS_ALL) $(CFLAGS_ALL) -MMD -MP -o $@ $< $(LIBRARY) \
	    $(LDFLAGS_ALL) $(LIBS)

$(BUILD)/tests/clockshift.so: tests/lib/clockshift.c
	@mkdir -p $(@D)
	$(CC) $(CPPFLAGS_ALL) $(OPTIMIZE) $(WARNINGS) -fPIC -shared -o $@ $< -ldl

-include $(wildcard $(BUILD)/*.d $(BUILD)/tests/*.d)

# --- tests ------------------------------------------------------------------

# Unit tests only: no root, no network, seconds.
check: deps-test $(UNIT_TESTS)
	@tests/run/unit-tests $(UNIT_TESTS)

PYTEST = $(PYTHON) -B -m pytest -q -p no:cacheprovider
E2E_ENV = TLSMGR_BUILD=$(abspath $(BUILD)) TLSMGR_BINARY=$(abspath $(BUILD))/tlsmgr

# End to end: needs root, for chroot(2), the mail owner and master(8).
check-e2e: all deps-test $(TEST_TOOLS)
	$(E2E_ENV) $(PYTEST) $(PYTEST_FLAGS) tests/e2e

test: check check-docs check-e2e

check-docs: deps-test
	mandoc -T lint -W warning man/*.[1-9]
	tests/run/check-documented

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
	$(E2E_ENV) TLSMGR_WRAP="valgrind -q --vgdb=no --error-exitcode=99 \
	    --leak-check=full --errors-for-leak-kinds=definite \
	    --suppressions=$(abspath tests/lib/valgrind.supp)" \
	    $(PYTEST) $(PYTEST_FLAGS) tests/e2e/test_conformance.py

TIDY := $(SOURCES:src/%.c=tidy/%)
.PHONY: $(TIDY)
$(TIDY): tidy/%:
	@clang-tidy --quiet src/$*.c -- -std=c11 $(CPPFLAGS_ALL) \
	    $(CPPFLAGS_settings) 2>/dev/null

lint:
	@tests/run/install-packages lint
	clang-format --dry-run --Werror src/*.c tests/unit/*.c
	$(MAKE) -j$$(nproc) $(TIDY)
	cppcheck --quiet --error-exitcode=1 --inline-suppr --std=c11 \
	    '-D_Noreturn=__attribute__((noreturn))' \
	    --enable=warning,portability -Iinclude src

# A private Postfix with this daemon in it; KEEP=1 leaves it running.
run: all deps-test
	@$(E2E_ENV) $(PYTHON) -B tests/run/demo.py

bench bench-quick: all deps-test $(TEST_TOOLS)
	$(MAKE) -C tests/bench BUILD=$(abspath $(BUILD))/bench
	$(E2E_ENV) $(PYTHON) -B tests/bench/bench.py \
	    $(if $(filter bench-quick,$@),--quick)

# --- installation -----------------------------------------------------------

# Beside Postfix's own tlsmgr, under a name of its own: README.md.
PROGRAM ?= tlsmgr2

install: all
	install -d $(DESTDIR)$(DAEMON_DIRECTORY) $(DESTDIR)$(MANDIR)/man8 \
	    $(DESTDIR)$(MANDIR)/man5 $(DESTDIR)$(DOCDIR)
	install -m 755 $(BUILD)/tlsmgr $(DESTDIR)$(DAEMON_DIRECTORY)/$(PROGRAM)
	install -m 644 man/tlsmgr.8 $(DESTDIR)$(MANDIR)/man8/$(PROGRAM).8
	install -m 644 man/tlsmgr.cf.5 $(DESTDIR)$(MANDIR)/man5/tlsmgr.cf.5
	install -m 644 README.md LICENSE conf/*.sample $(DESTDIR)$(DOCDIR)

uninstall:
	rm -f $(DESTDIR)$(DAEMON_DIRECTORY)/$(PROGRAM) \
	    $(DESTDIR)$(MANDIR)/man8/$(PROGRAM).8 \
	    $(DESTDIR)$(MANDIR)/man5/tlsmgr.cf.5
	rm -rf $(DESTDIR)$(DOCDIR)

clean:
	rm -rf $(BUILD)

# --- Debian -----------------------------------------------------------------

.PHONY: deb test-matrix

# The package, in $(BUILD)/deb: built from a copy, for it is made one level up.
deb:
	@tests/run/install-packages build deb
	rm -rf $(BUILD)/deb
	mkdir -p $(BUILD)/deb/source
	tar --exclude=./.git --exclude=./build --exclude=./tests/.cache -cf - . | \
	    tar -C $(BUILD)/deb/source -xf -
	cd $(BUILD)/deb/source && env -u MAKEFLAGS -u BUILD dpkg-buildpackage -us -uc -b
	cd $(BUILD)/deb && lintian --fail-on error,warning *.changes

# Every suite of Debian with its own Postfix, and the package; takes a while.
test-matrix:
	@tests/run/install-packages matrix
	tests/matrix/run $(SUITES)
	tests/matrix/package
