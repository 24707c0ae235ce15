// iq.c - the program itself, for a report of the installation: what it is, how it was built and
// whether it runs hardened, with which libraries, on what machine.
#include "service/api/version.h"
#include "service/cli/checking.h"
#include "service/cli/file_digest.h"
#include "service/cli/iq_libraries.h"
#include "service/journal/opened.h"
#include <elf.h>
#include <errno.h>
#include <link.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/utsname.h>
#include <unistd.h>

#ifndef BUILD_FLAGS // said by the Makefile
#define BUILD_FLAGS "not known"
#endif

// ---- what it is

static status check_program(struct checking *c)
{
    char path[FOLDER_PATH_MAX], hex[65];

    ssize_t n = readlink("/proc/self/exe", path, sizeof path - 1);
    if (n < 0) return fail(ST_STORE, "file.read", 0, "/proc/self/exe: %s", strerror(errno));
    path[n] = 0;
    TRY(file_digest("/proc/self/exe", hex));
    checking_say(c, "packtrail %s", PACKTRAIL_VERSION);
    checking_found(c, S("file"), "%s", path);
    checking_found(c, S("sha256"), "%s", hex);
    checking_found(c, S("compiler"), "%s", __VERSION__);
    checking_found(c, S("flags"), "%s", BUILD_FLAGS);
    checking_found(c, S("folder format"), "%u, reads from 1", FORMAT_NOW);
    return OK;
}

// ---- hardening

struct image { // of the running program, as the loader has mapped it
    bool pie, relro, now, stack_not_executable, protector, fortified;
};

static bool ends_with(const char *s, const char *end)
{
    size_t n = strlen(s), m = strlen(end);
    return n >= m && memcmp(s + n - m, end, m) == 0;
}

// Names of what it takes from libraries: the compiler's guards are among them.
static void names_look(const char *names, size_t n, struct image *out)
{
    for (size_t i = 0; i < n; i += strlen(names + i) + 1) {
        if (strcmp(names + i, "__stack_chk_fail") == 0)
            out->protector = true;
        else if (names[i] == '_' && names[i + 1] == '_' && ends_with(names + i, "_chk"))
            out->fortified = true;
    }
}

// Most loaders turn the addresses of the section into real ones; where not, they count from `base`.
static void dynamic_look(const ElfW(Dyn) * d, ElfW(Addr) base, struct image *out)
{
    ElfW(Addr) names = 0;
    size_t n = 0;

    for (; d->d_tag != DT_NULL; d++) {
        if (d->d_tag == DT_STRTAB) names = d->d_un.d_ptr;
        if (d->d_tag == DT_STRSZ) n = d->d_un.d_val;
        if (d->d_tag == DT_BIND_NOW) out->now = true;
        if (d->d_tag == DT_FLAGS && d->d_un.d_val & DF_BIND_NOW) out->now = true;
        if (d->d_tag == DT_FLAGS_1 && d->d_un.d_val & DF_1_NOW) out->now = true;
    }
    if (names == 0) return;
    names_look((const char *)(names < base ? base + names : names), n, out);
}

// The first that the loader names is the program.
static int image_look(struct dl_phdr_info *info, size_t size, void *arg)
{
    struct image *out = arg;

    (void)size;
    out->pie = info->dlpi_addr != 0;
    for (size_t i = 0; i < info->dlpi_phnum; i++) {
        const ElfW(Phdr) *p = &info->dlpi_phdr[i];
        if (p->p_type == PT_GNU_RELRO) out->relro = true;
        if (p->p_type == PT_GNU_STACK) out->stack_not_executable = !(p->p_flags & PF_X);
        if (p->p_type == PT_DYNAMIC)
            dynamic_look((const ElfW(Dyn) *)(info->dlpi_addr + p->p_vaddr), info->dlpi_addr, out);
    }
    return 1;
}

static void yes(struct checking *c, bool is, const char *name, uint32_t *missing)
{
    checking_found(c, str_of(name), "%s", is ? "yes" : "no");
    if (!is) (*missing)++;
}

static status check_hardening(struct checking *c)
{
    struct image i = {0};
    struct rlimit core = {0};
    uint32_t missing = 0;

    dl_iterate_phdr(image_look, &i);
    getrlimit(RLIMIT_CORE, &core);
    yes(c, i.pie, "position independent", &missing);
    yes(c, i.relro && i.now, "relocations read-only, bound at start", &missing);
    yes(c, i.stack_not_executable, "stack not executable", &missing);
    yes(c, i.protector, "stack protector", &missing);
    yes(c, i.fortified, "fortified calls", &missing);
    yes(c, prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) == 1, "no new privileges", &missing);
    yes(c, core.rlim_cur == 0, "no core file", &missing);
    yes(c, prctl(PR_GET_DUMPABLE, 0, 0, 0, 0) == 0, "memory closed to debuggers", &missing);
    c->warned = missing > 0;
    checking_say(c, "as built for use");
    if (missing > 0) checking_say(c, "%u of these are missing", missing);
    return OK;
}

// ---- libraries

static status check_libraries(struct checking *c)
{
    struct iq_library all[IQ_LIBRARIES_MAX];
    uint32_t other = 0, n = iq_libraries(all);

    for (uint32_t i = 0; i < n; i++) {
        if (all[i].built[0] != 0 && all[i].runs[0] != 0 && strcmp(all[i].built, all[i].runs) != 0)
            other++;
        checking_found(c, str_of(all[i].name), "%s, built with %s",
                       all[i].runs[0] != 0 ? all[i].runs : "says no version",
                       all[i].built[0] != 0 ? all[i].built : "an unnamed version");
    }
    checking_say(c, "those that it was built with");
    if (other > 0) checking_say(c, "%u are of another version than it was built with", other);
    return OK;
}

// ---- machine

// Its value of a file of lines NAME=VALUE or `NAME: VALUE`, without quotes.
static void line_of(const char *path, const char *name, char *out, size_t room)
{
    char line[256];
    size_t n = strlen(name);
    FILE *f = fopen(path, "r");

    snprintf(out, room, "not known");
    while (f != NULL && fgets(line, sizeof line, f) != NULL) {
        if (strncmp(line, name, n) != 0) continue;
        str value = str_trim((str){line + n, strcspn(line + n, "\n")});
        if (value.n > 1 && value.p[0] == '"') value = (str){value.p + 1, value.n - 2};
        snprintf(out, room, "%.*s", STR(value));
        break;
    }
    if (f != NULL) fclose(f);
}

static status check_machine(struct checking *c)
{
    struct utsname u;
    char text[256];

    if (uname(&u) != 0) return fail(ST_STORE, "machine.name", 0, "uname: %s", strerror(errno));
    line_of("/etc/os-release", "PRETTY_NAME=", text, sizeof text);
    checking_say(c, "%s, %s", u.nodename, text);
    checking_found(c, S("kernel"), "%s %s %s", u.sysname, u.release, u.machine);
    checking_found(c, S("processors"), "%ld", sysconf(_SC_NPROCESSORS_ONLN));
    line_of("/proc/meminfo", "MemTotal:", text, sizeof text);
    checking_found(c, S("memory"), "%s", text);
    checking_found(c, S("user"), "uid %u, gid %u", geteuid(), getegid());
    c->warned = geteuid() == 0;
    return OK;
}

// clang-format off
const struct check checks_program[] = {
    {"program", check_program},
    {"hardening", check_hardening},
    {"libraries", check_libraries},
    {"machine", check_machine},
    {0},
};
// clang-format on
