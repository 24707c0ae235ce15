CC ?= gcc
BUILD ?= build
CFLAGS_ALL := -std=c17 -D_GNU_SOURCE -I. -O2 -g -Wall -Wextra -Wpedantic -Wconversion -Wshadow \
	-Wstrict-prototypes -Werror -MMD -MP $(CFLAGS)
LIBS := -llmdb -levent -levent_openssl -levent_pthreads -lhttp_parser -lcurl -lssl -lcrypto -lz -lyaml -lpthread
SRC := $(filter-out service/cli/main.c,$(wildcard common/*.c service/*.c service/*/*.c))
OBJ := $(SRC:%.c=$(BUILD)/%.o)
UNIT := $(patsubst tests/unit/%.c,$(BUILD)/unit/%,$(wildcard tests/unit/*_test.c))

all: $(BUILD)/packtrail
$(BUILD)/packtrail: $(BUILD)/service/cli/main.o $(BUILD)/libpacktrail.a
	$(CC) $(LDFLAGS) -o $@ $^ $(LIBS)
$(BUILD)/libpacktrail.a: $(OBJ)
	@rm -f $@
	ar rcs $@ $^
$(BUILD)/%.o: %.c
	@mkdir -p $(@D)
	$(CC) $(CFLAGS_ALL) -c -o $@ $<
$(BUILD)/unit/%: tests/unit/%.c $(BUILD)/libpacktrail.a
	@mkdir -p $(@D)
	$(CC) $(CFLAGS_ALL) -o $@ $< $(BUILD)/libpacktrail.a $(LIBS) -lcmocka -ljansson
units: $(UNIT)
	@for t in $^; do $$t || exit 1; done
clean:
	rm -rf $(BUILD)
-include $(OBJ:.o=.d)
.PHONY: all units clean
