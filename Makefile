# cellftpd: build, check, install. "make help" lists the targets.
#
# Variants are built side by side: build/release (default), build/asan (ASan and UBSan), and
# build/probe (a server with SITE PROBE, which tries from inside the cell what must be impossible).

PREFIX     ?= /usr/local
SYSCONFDIR ?= /etc
DESTDIR    ?=
ifeq ($(origin CC),default)
CC := gcc
endif
INSTALL    ?= install
VARIANT    ?= release
O          := build/$(VARIANT)
VERSION    := $(shell sed -n 's/^## \([0-9][0-9.]*\).*/\1/p' CHANGELOG.md | head -n 1)

ifneq ($(V),1)
quiet = @printf '  %-7s %s\n' '$(1)' '$(2)';
endif

# Warnings and hardening are not options: a build without them is another program.
warnings := -Wall -Wextra -Wshadow -Wconversion -Wsign-conversion -Wstrict-prototypes \
	-Wmissing-prototypes -Wold-style-definition -Wpointer-arith -Wcast-qual -Wwrite-strings \
	-Wformat=2 -Wundef -Wvla -Wimplicit-fallthrough -Wnull-dereference -Werror=implicit \
	-Werror=incompatible-pointer-types -Werror=int-conversion -Werror=return-type
hardening := -fstack-protector-strong -fPIE -fno-strict-overflow -fcf-protection
hardening_link := -pie -Wl,-z,relro -Wl,-z,now -Wl,-z,noexecstack -Wl,-z,separate-code -Wl,--as-needed
ifneq ($(shell $(CC) --version 2>/dev/null | grep -c clang),0)
warnings += -Wno-gnu-statement-expression
else
hardening += -fstack-clash-protection -ftrivial-auto-var-init=zero
endif

CFLAGS ?= -O2 -g
ifeq ($(VARIANT),asan)
sanitize := -fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer
CFLAGS := -O1 -g
CPPFLAGS += -DCELLFTPD_SANITIZED
else
hardening += -U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=2
endif
ifeq ($(VARIANT),probe)
CPPFLAGS += -DCELLFTPD_PROBE
endif
ifeq ($(WERROR),1)
warnings += -Werror
endif

all_cppflags := -D_GNU_SOURCE -D_FILE_OFFSET_BITS=64 -DCELLFTPD_VERSION='"$(VERSION)"' \
	-DCONFIG_FILE_DEFAULT='"$(SYSCONFDIR)/cellftpd/cellftpd.conf"' \
	-Isrc -I$(O) $(CPPFLAGS)
all_cflags   := -std=gnu17 $(CFLAGS) $(warnings) $(hardening) $(sanitize)
all_ldflags  := $(hardening_link) $(sanitize) $(LDFLAGS)

server_libs := -lconfig -lcrypt -lmd -lsystemd -lz
ctl_libs    := -lconfig -lcrypt -lmd

lib_sources     := $(filter-out src/lib/filter_build.c,$(wildcard src/lib/*.c))
monitor_sources := $(wildcard src/monitor/*.c)
session_sources := $(wildcard src/session/*.c)
ctl_sources     := $(wildcard src/ctl/*.c)
ifneq ($(VARIANT),probe)
session_sources := $(filter-out src/session/probe.c,$(session_sources))
endif

lib_objects     := $(lib_sources:src/%.c=$(O)/%.o)
monitor_objects := $(monitor_sources:src/%.c=$(O)/%.o)
session_objects := $(session_sources:src/%.c=$(O)/%.o)
ctl_objects     := $(ctl_sources:src/%.c=$(O)/%.o)

.PHONY: all
all: $(O)/cellftpd $(O)/cellftpctl $(O)/includes.checked

$(O)/cellftpd: $(lib_objects) $(monitor_objects) $(session_objects)
	$(call quiet,LINK,$@)$(CC) $(all_ldflags) -o $@ $^ $(server_libs)

$(O)/cellftpctl: $(lib_objects) $(ctl_objects)
	$(call quiet,LINK,$@)$(CC) $(all_ldflags) -o $@ $^ $(ctl_libs)

$(O)/%.o: src/%.c
	@mkdir -p $(@D)
	$(call quiet,CC,$<)$(CC) $(all_cppflags) $(all_cflags) -MMD -MP -c -o $@ $<

# The seccomp filters are compiled on the build machine, so that no session spends time on it.
$(O)/filter_build: src/lib/filter_build.c src/lib/filter_table.h
	@mkdir -p $(@D)
	$(call quiet,CC,$<)$(CC) $(all_cppflags) $(all_cflags) $(all_ldflags) -o $@ $< -lseccomp
$(O)/filter_program.h: $(O)/filter_build
	$(call quiet,GEN,$@)$(O)/filter_build > $@.new && mv $@.new $@
$(O)/lib/filter.o: $(O)/filter_program.h

# Folders of src are trust domains: an include that crosses them is an error of the build.
$(O)/includes.checked: tests/includes $(wildcard src/*/*.[ch])
	$(call quiet,CHECK,src)tests/includes src && touch $@

-include $(lib_objects:.o=.d) $(monitor_objects:.o=.d) $(session_objects:.o=.d) $(ctl_objects:.o=.d)

# Unit tests: one program per source file. They link what they need out of archives of everything.
$(O)/lib.a: $(lib_objects)
$(O)/monitor.a: $(filter-out %/main.o,$(monitor_objects))
$(O)/session.a: $(session_objects)
$(O)/ctl.a: $(filter-out %/main.o,$(ctl_objects))
$(O)/%.a:
	@rm -f $@
	$(call quiet,AR,$@)$(AR) rcs $@ $^

unit_tests := $(patsubst tests/unit/%.c,$(O)/unit/%,$(wildcard tests/unit/test_*.c))
$(O)/unit/%: tests/unit/%.c $(O)/monitor.a $(O)/session.a $(O)/ctl.a $(O)/lib.a
	@mkdir -p $(@D)
	$(call quiet,CC,$<)$(CC) $(all_cppflags) -Itests/unit $(all_cflags) $(all_ldflags) -MMD -MP -o $@ $< \
		-Wl,--start-group $(O)/monitor.a $(O)/session.a $(O)/ctl.a $(O)/lib.a -Wl,--end-group \
		-lcmocka $(server_libs)
-include $(unit_tests:=.d)

.PHONY: unit
unit: $(unit_tests)

# What a Debian machine needs, to build and to test; only what is missing is installed.
build_packages := gcc make libc6-dev linux-libc-dev libconfig-dev libcrypt-dev libmd-dev \
	zlib1g-dev libseccomp-dev libsystemd-dev systemd
test_packages := clang libcmocka-dev python3 curl lftp ncftp wget rclone strace acl iproute2 procps \
	util-linux man-db mandoc cppcheck clang-format clang-tidy

.PHONY: deps test-deps
deps:
	@tests/packages $(build_packages)
test-deps:
	@tests/packages $(build_packages) $(test_packages)

.PHONY: demo demo-stop
demo: deps
	@tests/packages curl
	@$(MAKE) --no-print-directory all
	@tests/demo start
demo-stop:
	@tests/demo stop

# All tests, in the hardened and in the sanitized build, and the linters.
.PHONY: check lint lint-fix
check: test-deps
	@$(MAKE) --no-print-directory all unit
	@$(MAKE) --no-print-directory VARIANT=asan all unit
	@$(MAKE) --no-print-directory VARIANT=probe all
	@tests/check

c_files := $(wildcard src/*/*.[ch] tests/unit/*.[ch])
# memleak: cppcheck does not know __attribute__((cleanup)); the sanitizers look for leaks.
lint: test-deps
	@$(MAKE) --no-print-directory all
	clang-format --dry-run --Werror $(c_files)
	cppcheck --quiet --enable=warning,performance,portability --error-exitcode=1 --inline-suppr \
		--suppress=missingIncludeSystem --suppress=memleak -Isrc -I$(O) -D_GNU_SOURCE src
	clang-tidy --quiet $(wildcard src/*/*.c) -- -std=gnu17 $(all_cppflags)
lint-fix:
	clang-format -i $(c_files)

.PHONY: install uninstall
sbin := $(DESTDIR)$(PREFIX)/sbin
man  := $(DESTDIR)$(PREFIX)/share/man
etc  := $(DESTDIR)$(SYSCONFDIR)/cellftpd
manuals := $(wildcard man/*.[1-8])
install: all
	$(INSTALL) -d $(sbin) $(etc) $(foreach n,5 8,$(man)/man$(n))
	$(INSTALL) -m 0755 $(O)/cellftpd $(O)/cellftpctl $(sbin)
	$(foreach page,$(manuals),$(INSTALL) -m 0644 $(page) $(man)/man$(subst .,,$(suffix $(page)));)
	test -e $(etc)/cellftpd.conf || $(INSTALL) -m 0644 etc/cellftpd.conf $(etc)
uninstall:
	rm -f $(sbin)/cellftpd $(sbin)/cellftpctl
	rm -f $(foreach page,$(manuals),$(man)/man$(subst .,,$(suffix $(page)))/$(notdir $(page)))
	@echo "kept: $(etc), accounts, folders and logs"

.PHONY: clean help
clean:
	@tests/demo stop
	rm -rf build
help:
	@echo "make             build cellftpd and cellftpctl in $(O)"
	@echo "make demo        build and serve a demo account on port 2121 (make demo-stop ends it)"
	@echo "make check       all tests"
	@echo "make lint        clang-format, cppcheck, clang-tidy"
	@echo "make deps        install what the build needs (Debian); test-deps: and the tests"
	@echo "make install     DESTDIR= PREFIX=$(PREFIX) SYSCONFDIR=$(SYSCONFDIR)"
	@echo "make uninstall   all but configuration and data"
	@echo "V=1 shows commands, WERROR=1 makes warnings errors, CC=clang another compiler,"
	@echo "VARIANT=asan|probe another build"
