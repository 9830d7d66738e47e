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

.PHONY: all build check test run clean install uninstall deps deps-test \
	check-asan check-valgrind lint bench bench-quick
all: build
build: deps $(BUILD)/tlsmgr

# Debian packages, installed only where something is missing.
deps:
	@tests/run/install-packages build
deps-test:
	@tests/run/install-packages build test

$(BUILD) $(BUILD)/tests:
	@mkdir -p $@

$(BUILD)/%.o: src/%.c Makefile | $(BUILD)
	$(CC) $(CPPFLAGS_ALL) $(CPPFLAGS_$*) $(CFLAGS_ALL) -MMD -MP -c -o $@ $<

CPPFLAGS_settings = \
	-DDEFAULT_CONFIG_DIRECTORY='"$(CONFIG_DIRECTORY)"' \
	-DDEFAULT_QUEUE_DIRECTORY='"$(QUEUE_DIRECTORY)"' \
	-DDEFAULT_DAEMON_DIRECTORY='"$(DAEMON_DIRECTORY)"' \
	-DDEFAULT_COMMAND_DIRECTORY='"$(COMMAND_DIRECTORY)"' \
	-DDEFAULT_DATA_DIRECTORY='"$(DATA_DIRECTORY)"' \
	-DDEFAULT_MAIL_OWNER='"$(MAIL_OWNER)"' \
	-DDEFAULT_DATABASE_TYPE='"$(DATABASE_TYPE)"' \
	-DDEFAULT_IMPORT_ENVIRONMENT='"$(IMPORT_ENVIRONMENT)"'

$(LIBRARY): $(OBJECTS)
	@rm -f $@
	$(AR) rcs $@ $(OBJECTS)

$(BUILD)/tlsmgr: $(BUILD)/main.o $(LIBRARY)
	$(CC) $(LDFLAGS_ALL) -o $@ $(BUILD)/main.o $(LIBRARY) $(LIBS)

$(BUILD)/tests/%: tests/unit/%.c $(LIBRARY) | $(BUILD)/tests
	$(CC) $(CPPFLAGS_ALL) -Itests/lib $(CFLAGS_ALL) -MMD -MP -o $@ $< \
	    $(LIBRARY) $(LDFLAGS_ALL) $(LDFLAGS_$*) -lcmocka $(LIBS)

$(BUILD)/tests/%_dump: tests/lib/%_dump.c $(LIBRARY) | $(BUILD)/tests
	$(CC) $(CPPFLAGS_ALL) $(CFLAGS_ALL) -MMD -MP -o $@ $< $(LIBRARY) \
	    $(LDFLAGS_ALL) $(LIBS)

$(BUILD)/tests/clockshift.so: tests/lib/clockshift.c | $(BUILD)/tests
	$(CC) $(CPPFLAGS_ALL) $(OPTIMIZE) $(WARNINGS) -fPIC -shared -o $@ $< -ldl

-include $(wildcard $(BUILD)/*.d $(BUILD)/tests/*.d)
