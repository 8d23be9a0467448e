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
# ASan calls dlopen() for us, and a run path of the newer kind holds for the caller only.
run_path := -Wl,--disable-new-dtags
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

tls_libs    := -lssl -lcrypto
server_libs := -lconfig -lcrypt -lmd -lz
ctl_libs    := -lconfig -lcrypt -lmd

lib_sources     := $(filter-out src/lib/filter_build.c,$(wildcard src/lib/*.c))
monitor_sources := $(wildcard src/monitor/*.c)
check_sources   := $(wildcard src/check/*.c)
pam_sources     := $(wildcard src/pam/*.c)
session_sources := $(wildcard src/session/*.c)
tls_sources     := $(wildcard src/tls/*.c)
ctl_sources     := $(wildcard src/ctl/*.c)
ftplint_sources := $(wildcard src/ftplint/*.c)
ifneq ($(VARIANT),probe)
session_sources := $(filter-out src/session/probe.c,$(session_sources))
endif

lib_objects     := $(lib_sources:src/%.c=$(O)/%.o)
monitor_objects := $(monitor_sources:src/%.c=$(O)/%.o)
check_objects   := $(check_sources:src/%.c=$(O)/%.o)
pam_objects     := $(pam_sources:src/%.c=$(O)/%.o)
session_objects := $(session_sources:src/%.c=$(O)/%.o)
tls_objects     := $(tls_sources:src/%.c=$(O)/%.o)
ctl_objects     := $(ctl_sources:src/%.c=$(O)/%.o)
ftplint_objects := $(ftplint_sources:src/%.c=$(O)/%.o)
# What cellftpctl has of the TLS library: certificates and settings read and judged as the server does.
certificate_objects := $(filter $(O)/tls/certificate% $(O)/tls/settings% $(O)/tls/start% $(O)/tls/client_chain.o \
	$(O)/tls/client_content.o,$(tls_objects))

.PHONY: all
all: $(O)/cellftpd $(O)/cellftpd-tls.so $(O)/cellftpctl $(O)/bin/ftplint $(O)/man/ftplint.1 $(O)/includes.checked

# The server finds its TLS library beside it, or where "make install" puts it.
$(O)/cellftpd: $(lib_objects) $(monitor_objects) $(check_objects) $(pam_objects) $(session_objects)
	$(call quiet,LINK,$@)$(CC) $(all_ldflags) $(run_path) -Wl,-rpath,'$$ORIGIN/../lib/cellftpd:$$ORIGIN' -o $@ $^ \
		$(server_libs)

# All that knows OpenSSL, loaded when a connection wants TLS.
$(tls_objects): all_cflags += -fPIC -fvisibility=hidden
$(O)/cellftpd-tls.so: $(tls_objects)
	$(call quiet,LINK,$@)$(CC) $(filter-out -pie,$(all_ldflags)) -shared -o $@ $^ $(tls_libs)

$(O)/cellftpctl: $(lib_objects) $(ctl_objects) $(certificate_objects)
	$(call quiet,LINK,$@)$(CC) $(all_ldflags) -o $@ $^ $(ctl_libs) $(tls_libs)

# Not beside the others: its objects have a folder of that name.
$(O)/bin/ftplint: $(lib_objects) $(ftplint_objects)
	@mkdir -p $(@D)
	$(call quiet,LINK,$@)$(CC) $(all_ldflags) -o $@ $^ $(ctl_libs) $(tls_libs)

# The catalogue is the program's own: the manual cannot tell another.
$(O)/man/ftplint.1: man/ftplint.1.in $(O)/bin/ftplint
	@mkdir -p $(@D)
	$(call quiet,GEN,$@)$(O)/bin/ftplint --manual > $@.catalogue && sed -e '/^@CATALOGUE@$$/{r $@.catalogue' -e 'd}' \
		$< > $@.new && mv $@.new $@ && rm $@.catalogue

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

-include $(patsubst %.o,%.d,$(lib_objects) $(monitor_objects) $(check_objects) $(pam_objects) $(tls_objects) \
	$(session_objects) $(ctl_objects) $(ftplint_objects))

# Unit tests: one program per source file. They link what they need out of archives of everything.
$(O)/lib.a: $(lib_objects)
$(O)/monitor.a: $(filter-out %/main.o,$(monitor_objects))
$(O)/check.a: $(check_objects)
$(O)/pam.a: $(pam_objects)
$(O)/tls.a: $(tls_objects)
$(O)/session.a: $(session_objects)
$(O)/ctl.a: $(filter-out %/main.o,$(ctl_objects))
$(O)/ftplint.a: $(filter-out %/main.o,$(ftplint_objects))
$(O)/%.a:
	@rm -f $@
	$(call quiet,AR,$@)$(AR) rcs $@ $^

unit_tests := $(patsubst tests/unit/%.c,$(O)/unit/%,$(wildcard tests/unit/test_*.c))
archives := $(foreach domain,monitor check pam tls session ctl lib,$(O)/$(domain).a)
# The client and the servers have the same words for the two ends of a thing.
$(O)/unit/test_ftplint%: archives := $(O)/ftplint.a $(O)/lib.a
$(O)/unit/%: tests/unit/%.c $(archives) $(O)/ftplint.a
	@mkdir -p $(@D)
	$(call quiet,CC,$<)$(CC) $(all_cppflags) -Itests/unit $(all_cflags) $(all_ldflags) -MMD -MP -o $@ $< \
		-Wl,--start-group $(archives) -Wl,--end-group \
		-lcmocka $(server_libs) $(tls_libs)
-include $(unit_tests:=.d)

.PHONY: unit
unit: $(unit_tests)

# What a Debian machine needs, to build and to test; only what is missing is installed.
build_packages := gcc make libc6-dev linux-libc-dev libconfig-dev libcrypt-dev libmd-dev \
	zlib1g-dev libseccomp-dev libpam0g-dev libssl-dev systemd
test_packages := clang libcmocka-dev python3 curl lftp ncftp wget rclone strace acl iproute2 procps \
	util-linux systemd-container mmdebstrap man-db mandoc cppcheck clang-format clang-tidy logrotate \
	fail2ban python3-systemd jq openssl nodejs libgnutls28-dev
# What "make check-vm" needs; its kernel is installed in the image that it boots, never here.
vm_packages := qemu-system-x86 e2fsprogs mmdebstrap python3 systemd

.PHONY: deps test-deps
deps:
	@tests/packages $(build_packages)
test-deps:
	@tests/packages $(build_packages) $(test_packages)
	@tests/npm

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
	@echo "a Debian to boot: $$(python3 tests/harness/image.py)"
	@tests/check

# The ledger against the disk, for longer than all tests have time for; on a file system in memory, or in the directory
# LEDGER_DISK. VARIANT=asan as well.
SOAK ?= 1800
.PHONY: ledger-soak
ledger-soak: $(O)/unit/test_ledger_model
	LEDGER_SECONDS=$(SOAK) $<

# Each fault of the broken server before every test of ftplint's that speaks of errors: for who changes the catalogue.
# "make check" has a tenth of it. FAULTS="abor list" takes those whose names contain one of the words.
.PHONY: ftplint-matrix
ftplint-matrix: $(O)/bin/ftplint
	CELLFTPD_BUILD=$(O) FTPLINT_MATRIX=whole PYTHONPATH=tests PYTHONDONTWRITEBYTECODE=1 \
		python3 tests/ftplint/test_matrix.py $(FAULTS)

# What needs Debian's own kernel, in an emulated machine. Not among all tests: it needs an emulator.
.PHONY: check-vm
check-vm:
	@tests/packages $(build_packages) $(vm_packages)
	@$(MAKE) --no-print-directory all
	@echo "a Debian to emulate: $$(PYTHONPATH=tests python3 -c 'from harness import disk; print(disk.system())')"
	@tests/run --vm --jobs 1 --timeout 7200

c_files := $(wildcard src/*/*.[ch] tests/unit/*.[ch])
# memleak: cppcheck does not know __attribute__((cleanup)); the sanitizers look for leaks.
lint: test-deps
	@$(MAKE) --no-print-directory all
	clang-format --dry-run --Werror $(c_files)
	cppcheck --quiet -j$$(nproc) --enable=warning,performance,portability --error-exitcode=1 --inline-suppr \
		--suppress=missingIncludeSystem --suppress=memleak -Isrc -I$(O) -D_GNU_SOURCE src
	@$(MAKE) --no-print-directory -j$$(nproc) tidy

# File by file, side by side: it takes longer than everything else together.
.PHONY: tidy
tidy_files := $(patsubst src/%.c,$(O)/tidy/%.ok,$(wildcard src/*/*.c))
tidy: $(tidy_files)
$(O)/tidy/%.ok: src/%.c $(wildcard src/*/*.h) .clang-tidy
	@mkdir -p $(@D)
	$(call quiet,TIDY,$<)clang-tidy --quiet $< -- -std=gnu17 $(all_cppflags) 2> $@.log \
		|| { cat $@.log >&2; exit 1; }
	@touch $@

lint-fix:
	clang-format -i $(c_files)

# Configuration is not overwritten, and programs are replaced in one step, so that a session that runs or begins
# meanwhile has a whole one. Without DESTDIR, where systemd runs, the service is ready to be enabled afterwards.
.PHONY: install uninstall activate
sbin  := $(DESTDIR)$(PREFIX)/sbin
bin   := $(DESTDIR)$(PREFIX)/bin
share := $(DESTDIR)$(PREFIX)/share
lib   := $(DESTDIR)$(PREFIX)/lib
etc   := $(DESTDIR)$(SYSCONFDIR)
manuals := $(wildcard man/*.[1-8])
# What is installed under other names, as SOURCE:TARGET.
vendor_files := \
	systemd/cellftpd.socket:$(lib)/systemd/system/cellftpd.socket \
	systemd/cellftpd-tls.socket:$(lib)/systemd/system/cellftpd-tls.socket \
	systemd/cellftpd-quota.timer:$(lib)/systemd/system/cellftpd-quota.timer \
	systemd/cellftpd.slice:$(lib)/systemd/system/cellftpd.slice \
	systemd/cellftpd.preset:$(lib)/systemd/system-preset/90-cellftpd.preset \
	systemd/cellftpd.sysusers:$(lib)/sysusers.d/cellftpd.conf \
	systemd/cellftpd.modules-load:$(lib)/modules-load.d/cellftpd.conf \
	systemd/cellftpd.tmpfiles:$(lib)/tmpfiles.d/cellftpd.conf \
	systemd/cellftpd.catalog:$(lib)/systemd/catalog/cellftpd.catalog \
	etc/completion/cellftpctl:$(share)/bash-completion/completions/cellftpctl \
	etc/completion/ftplint:$(share)/bash-completion/completions/ftplint \
	$(O)/man/ftplint.1:$(share)/man/man1/ftplint.1 \
	$(foreach page,$(manuals),$(page):$(share)/man/man$(subst .,,$(suffix $(page)))/$(notdir $(page)))
# Debian's PAM has common-auth, Fedora's has not.
pam_variant := $(if $(wildcard $(etc)/pam.d/common-auth $(SYSCONFDIR)/pam.d/common-auth),,.fedora)
config_files := \
	etc/cellftpd.conf:$(etc)/cellftpd/cellftpd.conf \
	pam.d/cellftpd$(pam_variant):$(etc)/pam.d/cellftpd \
	etc/logrotate.d/cellftpd:$(etc)/logrotate.d/cellftpd \
	etc/fail2ban/filter.d/cellftpd.conf:$(etc)/fail2ban/filter.d/cellftpd.conf \
	etc/fail2ban/jail.d/cellftpd.conf:$(etc)/fail2ban/jail.d/cellftpd.conf \
	etc/firewalld/cellftpd.xml:$(etc)/firewalld/services/cellftpd.xml \
	etc/ufw/cellftpd:$(etc)/ufw/applications.d/cellftpd
source_of = $(word 1,$(subst :, ,$(1)))
target_of = $(word 2,$(subst :, ,$(1)))
define newline


endef
# One line of a recipe for each file.
each_file = $(foreach pair,$(1),$(call $(2),$(call source_of,$(pair)),$(call target_of,$(pair)))$(newline)	)
put_file = $(INSTALL) -D -m 0644 $(1) $(2)
put_program = $(INSTALL) -D -m 0755 $(1) $(2).new && mv -f $(2).new $(2)
put_config = @if [ ! -e $(2) ]; then $(INSTALL) -D -m 0644 $(1) $(2); \
	elif ! cmp -s $(1) $(2); then echo "kept $(2): it is not the same as $(1); compare them, \
		an older version's lacks what is new"; fi
remove_config = @if cmp -s $(1) $(2); then rm -f $(2); elif [ -e $(2) ]; then echo "kept $(2): it is not the same as $(1)"; fi
# From one template: plain connections, and those that begin with TLS.
services := cellftpd@.service cellftpd-tls@.service cellftpd-quota.service
template_of = systemd/$(if $(findstring -quota,$(1)),cellftpd-quota.service.in,cellftpd@.service.in)
options_of = $(if $(findstring -tls,$(1)), --implicit-tls)
put_service = sed 's|@SBINDIR@|$(PREFIX)/sbin|;s|@OPTIONS@|$(call options_of,$(1))|' $(call template_of,$(1)) \
	> $(lib)/systemd/system/$(1).new && chmod 0644 $(lib)/systemd/system/$(1).new \
	&& mv -f $(lib)/systemd/system/$(1).new $(lib)/systemd/system/$(1)

# An administrator who has switched it off has to do so once.
timer_is_new := $(if $(wildcard $(lib)/systemd/system/cellftpd-quota.timer),,yes)

install: all
	$(call put_program,$(O)/cellftpd,$(sbin)/cellftpd)
	$(call put_program,$(O)/cellftpd-tls.so,$(lib)/cellftpd/cellftpd-tls.so)
	$(call put_program,$(O)/cellftpctl,$(sbin)/cellftpctl)
	$(call put_program,$(O)/bin/ftplint,$(bin)/ftplint)
	$(call each_file,$(vendor_files),put_file)
	$(foreach service,$(services),$(call put_service,$(service))$(newline)	)
	$(call each_file,$(config_files),put_config)
ifeq ($(DESTDIR),)
	@$(MAKE) --no-print-directory activate timer_is_new=$(timer_is_new)
endif

# Tells the running system what has been installed.
systemd_runs := $(wildcard /run/systemd/system)
activate:
ifneq ($(systemd_runs),)
	systemd-sysusers $(PREFIX)/lib/sysusers.d/cellftpd.conf
	systemd-tmpfiles --create $(PREFIX)/lib/tmpfiles.d/cellftpd.conf
	systemctl start modprobe@tls.service
	journalctl --update-catalog
	systemctl daemon-reload
	$(if $(timer_is_new),systemctl --quiet preset cellftpd-quota.timer)
	@if systemctl --quiet is-enabled cellftpd-quota.timer; then systemctl start cellftpd-quota.timer; fi
endif
	@$(MAKE) --no-print-directory certificate
	@echo
	@echo "Next:"
	@echo "    cellftpctl user add alice                 asks for a password, makes /srv/ftp/alice"
ifneq ($(systemd_runs),)
	@echo "    systemctl enable --now cellftpd.socket    listens on port 21"
	@echo "    curl --ssl-reqd --cacert /etc/cellftpd/tls/certificate.pem -u alice ftp://localhost/"
	@echo "                                              logs in, under TLS"
else
	@echo "Without systemd: cellftpd(8), Without systemd."
endif

# TLS works from the first minute: if there is no certificate yet, the machine makes one of its own.
.PHONY: certificate
certificate:
	@$(sbin)/cellftpctl tls show > /dev/null 2>&1 || $(sbin)/cellftpctl tls self-signed \
		|| echo "There is no TLS before this is mended: cellftpctl tls check"

# A jail that an administrator has switched on keeps fail2ban, with all its jails, from starting if the filter is gone.
jail_kept = $(if $(wildcard $(etc)/fail2ban/jail.d/cellftpd.local),etc/fail2ban/%)

# Sessions are told and ended: what serves them goes away.
uninstall:
ifeq ($(DESTDIR),)
ifneq ($(systemd_runs),)
	-systemctl disable --now cellftpd.socket cellftpd-tls.socket cellftpd-quota.timer
	systemctl stop cellftpd-quota.service
	systemctl stop cellftpd.slice
endif
endif
	rm -f $(sbin)/cellftpd $(sbin)/cellftpctl $(bin)/ftplint $(addprefix $(lib)/systemd/system/,$(services)) \
		$(lib)/cellftpd/cellftpd-tls.so
	-rmdir $(lib)/cellftpd
	rm -f $(foreach pair,$(vendor_files),$(call target_of,$(pair)))
	$(call each_file,$(filter-out etc/cellftpd.conf:% $(jail_kept),$(config_files)),remove_config)
	$(if $(jail_kept),@echo "kept $(etc)/fail2ban: jail.d/cellftpd.local needs the filter to let fail2ban start")
ifeq ($(DESTDIR),)
ifneq ($(systemd_runs),)
	systemctl daemon-reload
	journalctl --update-catalog
endif
endif
	@echo "kept: $(etc)/cellftpd (with certificate and key), accounts (/var/lib/cellftpd), users' folders (/srv/ftp),"
	@echo "      logs (/var/log/cellftpd), the system user cellftpd-cell"

.PHONY: clean help
clean:
	@tests/demo stop
	rm -rf build
help:
	@echo "make             build cellftpd, cellftpctl and ftplint in $(O)"
	@echo "make demo        build and serve a demo account on port 2121 (make demo-stop ends it)"
	@echo "make check       all tests"
	@echo "make check-vm    what depends on the kernel, with Debian's, in an emulated machine"
	@echo "make ledger-soak the ledger's model test for SOAK=1800 seconds"
	@echo "make ftplint-matrix  each fault of a broken server before all of ftplint's tests of errors (FAULTS=...)"
	@echo "make lint        clang-format, cppcheck, clang-tidy"
	@echo "make deps        install what the build needs (Debian); test-deps: and the tests"
	@echo "make install     DESTDIR= PREFIX=$(PREFIX) SYSCONFDIR=$(SYSCONFDIR)"
	@echo "make uninstall   all but configuration and data"
	@echo "V=1 shows commands, WERROR=1 makes warnings errors, CC=clang another compiler,"
	@echo "VARIANT=asan|probe another build"
