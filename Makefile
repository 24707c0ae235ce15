# make            builds build/packtrail
# make demo       runs a whole site with sample data
# make check      runs every test; the last line counts them
# make lint       layout, layers, banned calls, sizes, headers, requirements
# make units      runs the unit tests alone
# make sim        runs SEEDS simulated sites from seed FROM on
# make sanitize   runs the tests again under ASan with UBSan, then under TSan
# make valgrind   runs the unit tests, and the scenarios MEMCHECKED, under memcheck
# make tidy       has clang-tidy and cppcheck look for bugs
# make power      cuts the power CUTS times under the recorded disk
# make faults     fails RUNS calls of each kind in each scene, or RUNS=all, split by PART=k/n
# make fuzz       runs every fuzz target for SECONDS
# make bench      prints the tables of tests/bench
# make matrix     prints which tests show which requirement; build/matrix.csv, build/matrix.html
# make sbom       writes the list of parts, build/sbom.cdx.json
# make image      builds the Docker image
#
# scripts/deps.sh installs what they need. Each variant is built in a folder of its own. V=1 shows
# the commands.

# --- variants ---
ifeq ($(origin CC),default)
CC := gcc
endif
OPTIMISE := -O2 -D_FORTIFY_SOURCE=3
FOLDER := $(if $(findstring clang,$(CC)),build/clang,build)

ifdef FAULTS # points where a test makes the process fail; the shipped binary has none of them
FOLDER := build/faults
DEFINES := -DFAULTS=1
endif

ifdef SANITIZE # address, thread or fuzz
FOLDER_address := build/asan
FLAGS_address := -fsanitize=address,undefined
FOLDER_thread := build/tsan
FLAGS_thread := -fsanitize=thread
FOLDER_fuzz := build/fuzz
FLAGS_fuzz := -fsanitize=fuzzer-no-link,address,undefined
CC := clang
FOLDER := $(FOLDER_$(SANITIZE))
OPTIMISE := -O1 -fno-omit-frame-pointer -fno-sanitize-recover=all $(FLAGS_$(SANITIZE))
endif

BUILD ?= $(FOLDER)
SECONDS ?= 60
CUTS ?= 300
RUNS ?= 3000
PART ?= 1/1
FROM ?= 1
SEEDS ?= 200
IMAGE ?= packtrail
MEMCHECKED ?= main_job line_work trade
PYTHON := /usr/bin/python3
Q := $(if $(V),,@)

# --- how everything is compiled ---
WARNINGS := -Wall -Wextra -Wpedantic -Wconversion -Wshadow -Wstrict-prototypes -Werror
HARDEN := -fstack-protector-strong -fstack-clash-protection -fPIE \
	$(if $(filter x86_64,$(shell uname -m)),-fcf-protection)
CFLAGS_ALL := -std=c17 -D_GNU_SOURCE -I. -isystem /usr/include/libxml2 -g $(OPTIMISE) $(HARDEN) \
	$(WARNINGS) $(DEFINES) -MMD -MP $(CFLAGS)
LDFLAGS_ALL := $(OPTIMISE) -pie -Wl,-z,relro,-z,now,--as-needed $(LDFLAGS)
LIBS := -llmdb -levent -levent_openssl -levent_pthreads -lhttp_parser -lcurl -lssl -lcrypto -lz \
	-lyaml -lxml2 -lwslay -largon2 -lpthread

# --- what there is ---
MAIN := $(wildcard service/cli/main.c)
SOURCES := $(filter-out $(MAIN),$(sort $(wildcard common/*.c service/*.c service/*/*.c)))
HEADERS := $(wildcard common/*.h service/*.h service/*/*.h)
UNIT_SOURCES := $(sort $(wildcard tests/unit/*.c))
UNITS := $(patsubst tests/unit/%.c,$(BUILD)/unit/%,$(filter %_test.c,$(UNIT_SOURCES)))
UNIT_HELP := $(patsubst %.c,$(BUILD)/%.o,$(filter-out %_test.c,$(UNIT_SOURCES)))
SIM_SOURCES := $(sort $(wildcard tests/sim/*.c))
FUZZERS := $(patsubst tests/fuzz/%.c,$(BUILD)/%,$(wildcard tests/fuzz/*_fuzz.c))
BENCHES := $(patsubst tests/bench/%.c,$(BUILD)/bench/%,$(wildcard tests/bench/*_bench.c))
SHIMS := $(patsubst tests/power/%.c,$(BUILD)/power/%.so,$(wildcard tests/power/*.c))
FORMATTED := $(wildcard common/*.[ch] service/*.[ch] service/*/*.[ch] tests/*/*.[ch])

# --- the product ---
all: $(BUILD)/libpacktrail.a $(MAIN:service/cli/main.c=$(BUILD)/packtrail)

$(BUILD)/packtrail: $(BUILD)/service/cli/main.o $(BUILD)/libpacktrail.a
	@echo '$(CC) -o $@'
	$(Q)$(CC) $(LDFLAGS_ALL) -o $@ $^ $(LIBS)

$(BUILD)/libpacktrail.a: $(SOURCES:%.c=$(BUILD)/%.o) $(BUILD)/sources
	@rm -f $@
	$(Q)ar rcs $@ $(filter %.o,$^)

$(BUILD)/sources: FORCE # changes when a file comes or goes, so that no old object stays linked
	@mkdir -p $(@D)
	@echo '$(SOURCES)' | cmp -s - $@ || echo '$(SOURCES)' > $@

$(BUILD)/%.o: %.c Makefile
	@mkdir -p $(@D)
	@echo '$(CC) $<'
	$(Q)$(CC) $(CFLAGS_ALL) -c -o $@ $<

# What a report of the installation says of how it was built.
$(BUILD)/service/cli/iq.o: CFLAGS_ALL += -DBUILD_FLAGS='"$(strip -std=c17 $(HARDEN) $(LDFLAGS_ALL))"'

demo: all
	$(BUILD)/packtrail demo

# --- tests ---
$(BUILD)/unit/%: $(BUILD)/tests/unit/%.o $(UNIT_HELP) $(BUILD)/libpacktrail.a
	@mkdir -p $(@D)
	@echo '$(CC) -o $@'
	$(Q)$(CC) $(LDFLAGS_ALL) -o $@ $^ $(LIBS) -lcmocka -ljansson

$(BUILD)/sim/sim: $(SIM_SOURCES:%.c=$(BUILD)/%.o) $(BUILD)/libpacktrail.a
	@mkdir -p $(@D)
	@echo '$(CC) -o $@'
	$(Q)$(CC) $(LDFLAGS_ALL) -o $@ $^ $(LIBS) -lcmocka

$(BUILD)/bench/%: $(BUILD)/tests/bench/%.o $(BUILD)/libpacktrail.a
	@mkdir -p $(@D)
	@echo '$(CC) -o $@'
	$(Q)$(CC) $(LDFLAGS_ALL) -o $@ $^ $(LIBS)

$(BUILD)/bench/load $(BUILD)/bench/plant: $(BUILD)/tests/bench/asker.o

# Preloaded before the service, which does not know of them.
$(BUILD)/power/%.so: tests/power/%.c Makefile
	@mkdir -p $(@D)
	@echo '$(CC) -o $@'
	$(Q)$(CC) $(CFLAGS_ALL) -U_FORTIFY_SOURCE -fPIC -shared -o $@ $<

shims: $(SHIMS)

$(BUILD)/%_fuzz: $(BUILD)/tests/fuzz/%_fuzz.o $(BUILD)/libpacktrail.a
	@echo '$(CC) -o $@'
	$(Q)$(CC) $(LDFLAGS_ALL) -fsanitize=fuzzer -o $@ $(filter %.o,$^) $(filter %.a,$^) $(LIBS) \
		-ljansson

$(BUILD)/epcis_json_fuzz $(BUILD)/epcis_xml_fuzz: $(BUILD)/tests/unit/epcis_same.o
$(BUILD)/site_fuzz: $(BUILD)/tests/sim/house.o $(BUILD)/tests/sim/wire.o $(BUILD)/tests/sim/trace.o

unit-programs: $(UNITS)
sim-program: $(BUILD)/sim/sim
fuzz-programs: $(FUZZERS)

units: $(UNITS)
	@bad=0; for t in $^; do $$t || bad=1; done; exit $$bad

sim: $(BUILD)/sim/sim
	$(BUILD)/sim/sim $(FROM) $(SEEDS)

check:
	$(PYTHON) scripts/run_checks.py check

sanitize:
	$(PYTHON) scripts/run_checks.py sanitize

valgrind: all unit-programs # some twenty minutes
	@bad=0; for t in $(filter-out %/verify_test,$(UNITS)); do \
		scripts/memcheck.sh $$t || bad=1; done; exit $$bad
	@PACKTRAIL_BIN=scripts/memcheck.sh $(PYTHON) -m pytest -q -p no:cacheprovider \
		$(MEMCHECKED:%=tests/scenario/test_%.py)

fuzz:
	@$(MAKE) SANITIZE=fuzz SECONDS=$(SECONDS) fuzz-run

fuzz-run: $(FUZZERS) # new inputs are kept in build/fuzz/corpus, the seeds are only read
	@for t in $(FUZZERS:$(BUILD)/%_fuzz=%); do mkdir -p $(BUILD)/corpus/$$t && \
		$(BUILD)/$${t}_fuzz -max_total_time=$(SECONDS) -print_final_stats=1 \
		-artifact_prefix=$(BUILD)/found-$$t- $(BUILD)/corpus/$$t tests/fuzz/seeds/$$t || exit 1; done

# What make check does in some seconds, at length.
power: all shims
	PACKTRAIL_CUTS=$(CUTS) $(PYTHON) -m pytest -q -p no:cacheprovider tests/scenario/test_power.py

faults: all shims
	PACKTRAIL_FAULTS=$(RUNS) PACKTRAIL_FAULTS_PART=$(PART) $(PYTHON) -m pytest -q -p no:cacheprovider tests/scenario/test_faults.py

bench: all $(BENCHES)
	@for b in $(BENCHES) tests/bench/run.sh; do $$b || exit 1; done

# --- the look of the house ---
lint: lint-format lint-layers lint-bans lint-sizes lint-req lint-headers

lint-format:
	@clang-format --dry-run -Werror $(FORMATTED)
lint-layers:
	@$(PYTHON) scripts/check_layers.py
lint-bans:
	@$(PYTHON) scripts/check_bans.py
lint-sizes:
	@$(PYTHON) scripts/check_sizes.py
lint-req:
	@$(PYTHON) scripts/check_req.py
	@$(PYTHON) scripts/matrix.py --check
lint-headers: $(HEADERS:%=$(BUILD)/headers/%.ok)

# Included twice and first of all: it stands alone and may come again.
$(BUILD)/headers/%.ok: % Makefile
	@mkdir -p $(@D)
	@printf '#include "$<"\n#include "$<"\n' | \
		$(CC) $(CFLAGS_ALL) -MF $@.d -MT $@ -x c -fsyntax-only - && touch $@

# Not a part of lint: some minutes on two cores.
tidy: $(patsubst %,$(BUILD)/tidy/%.ok,$(SOURCES) $(MAIN)) tidy-cppcheck

tidy-cppcheck:
	@echo cppcheck
	$(Q)scripts/cppcheck.sh $(BUILD)/tidy/cppcheck

$(BUILD)/tidy/%.ok: % $(HEADERS) .clang-tidy
	@mkdir -p $(@D)
	@echo 'clang-tidy $<'
	$(Q)clang-tidy --quiet $< -- -std=c17 -D_GNU_SOURCE -I. -isystem /usr/include/libxml2 \
		$(DEFINES) 2> $@.log || { cat $@.log; exit 1; }; touch $@

# --- the rest ---
matrix:
	@$(PYTHON) scripts/matrix.py

sbom: all
	@scripts/sbom.sh $(BUILD)/packtrail > $(BUILD)/sbom.cdx.json
	@echo $(BUILD)/sbom.cdx.json

image:
	docker build -t $(IMAGE) .

clean:
	rm -rf build

FORCE:
.SECONDARY:
.PHONY: all demo check sim power faults shims bench lint tidy tidy-cppcheck sanitize valgrind fuzz \
	image matrix sbom units clean unit-programs sim-program fuzz-programs fuzz-run lint-format \
	lint-layers lint-bans lint-sizes lint-req lint-headers FORCE
-include $(patsubst %.c,$(BUILD)/%.d,$(SOURCES) $(MAIN) $(wildcard tests/*/*.c))
-include $(HEADERS:%=$(BUILD)/headers/%.ok.d)
