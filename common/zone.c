// zone.c - libc keeps one zone for the whole process, so files of the database are read here
// (RFC 8536): a list of instants from which on another offset holds, and behind it the rule by
// which it goes on, as POSIX writes TZ ("CET-1CEST,M3.5.0,M10.5.0/3"). Seconds of an offset are
// cut.
#include "common/zone.h"
#include "common/bytes.h"
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#define FOLDER     "/usr/share/zoneinfo/"
#define FILE_MAX   (16 * KB) // the largest has 4
#define HEAD_BYTES 44u
#define DAY        86400

// ---- the rule

struct rule_r { // what is left of it
    str in;
    bool bad;
};

static bool rule_takes(struct rule_r *r, char c)
{
    bool there = r->in.n > 0 && r->in.p[0] == c;

    if (there) r->in = str_from(r->in, 1);
    return there;
}

static int64_t rule_number(struct rule_r *r)
{
    int64_t n = 0;
    unsigned digits = 0;

    for (; r->in.n > 0 && r->in.p[0] >= '0' && r->in.p[0] <= '9' && digits < 4; digits++) {
        n = n * 10 + (r->in.p[0] - '0');
        r->in = str_from(r->in, 1);
    }
    r->bad |= digits == 0;
    return n;
}

static int64_t rule_seconds(struct rule_r *r) // [+-]hh[:mm[:ss]]
{
    bool minus = rule_takes(r, '-');

    if (!minus) (void)rule_takes(r, '+');
    int64_t s = rule_number(r) * 3600;
    if (rule_takes(r, ':')) s += rule_number(r) * 60;
    if (rule_takes(r, ':')) s += rule_number(r);
    return minus ? -s : s;
}

static void rule_name(struct rule_r *r) // CET, <+03>
{
    bool quoted = rule_takes(r, '<');
    size_t n = 0;

    while (n < r->in.n &&
           (quoted ? r->in.p[n] != '>' : strchr("+-,0123456789", r->in.p[n]) == NULL))
        n++;
    r->in = str_from(r->in, n);
    r->bad |= n == 0 || (quoted && !rule_takes(r, '>'));
}

// The local second of the year's change: Mm.w.d, Jn or n, and /time.
static int64_t rule_change(struct rule_r *r, int16_t year)
{
    int64_t day = date_days((struct date){year, 1, 1});

    if (rule_takes(r, 'M')) {
        int64_t month = rule_number(r), week, weekday;
        r->bad |= !rule_takes(r, '.');
        week = rule_number(r);
        r->bad |= !rule_takes(r, '.');
        weekday = rule_number(r);
        if (r->bad || month < 1 || month > 12 || week < 1 || week > 5 || weekday > 6)
            return r->bad = true, 0;
        day = date_days((struct date){year, (uint8_t)month, 1});
        int64_t first = (weekday - (day + 4) % 7 + 7) % 7 + (week - 1) * 7; // day 0 was a Thursday
        day += first < date_month_days(year, (int)month) ? first : first - 7;
    } else {
        bool skips = rule_takes(r, 'J'); // 29 February has no number
        int64_t n = rule_number(r);
        bool leap = date_month_days(year, 2) == 29;
        day += skips ? n - 1 + (leap && n >= 60) : n;
    }
    return day * DAY + (rule_takes(r, '/') ? rule_seconds(r) : 2 * 3600);
}

static bool rule_offset(str rule, int64_t at, int64_t *offset)
{
    struct rule_r r = {.in = rule};

    rule_name(&r);
    int64_t plain = -rule_seconds(&r), summer = plain + 3600;
    *offset = plain;
    if (r.in.n == 0 || r.bad) return !r.bad;
    rule_name(&r);
    if (r.in.n > 0 && r.in.p[0] != ',') summer = -rule_seconds(&r);
    int16_t year = date_of_days((int32_t)((at + plain) / DAY)).year;
    r.bad |= !rule_takes(&r, ',');
    int64_t begin = rule_change(&r, year) - plain;
    r.bad |= !rule_takes(&r, ',');
    int64_t end = rule_change(&r, year) - summer;
    bool is_summer = begin < end ? at >= begin && at < end : at >= begin || at < end;
    if (is_summer) *offset = summer;
    return !r.bad && r.in.n == 0;
}

// ---- the file

struct block { // of instants, in the file
    uint64_t is_ut, is_std, leaps, times, types, chars;
};

static bool block_read(str file, struct block *out)
{
    if (file.n < HEAD_BYTES || !str_starts(file, S("TZif")) || file.p[4] < '2') return false;
    const char *p = file.p + 20;
    *out = (struct block){get_be(p, 4),      get_be(p + 4, 4),  get_be(p + 8, 4),
                          get_be(p + 12, 4), get_be(p + 16, 4), get_be(p + 20, 4)};
    return out->types > 0;
}

static size_t block_bytes(const struct block *b, unsigned wide)
{
    return b->times * (wide + 1) + b->types * 6 + b->chars + b->leaps * (wide + 4) + b->is_std +
           b->is_ut;
}

static bool instants_offset(str in, const struct block *b, int64_t at, int64_t *offset)
{
    uint64_t after = 0, type = 0; // how many of the instants are not after `at`

    while (after < b->times && (int64_t)get_be(in.p + 8 * after, 8) <= at) after++;
    if (after > 0) type = get_be(in.p + 8 * b->times + after - 1, 1);
    if (type >= b->types) return false;
    *offset = (int32_t)get_be(in.p + 9 * b->times + 6 * type, 4);
    return true;
}

bool zone_minutes_of(str file, wall at, int16_t *minutes)
{
    int64_t second = at.ms / 1000, offset = 0;
    struct block b;

    if (!block_read(file, &b) || block_bytes(&b, 4) > file.n - HEAD_BYTES) return false;
    file = str_from(file, HEAD_BYTES + block_bytes(&b, 4)); // of 32 bits
    if (!block_read(file, &b) || block_bytes(&b, 8) > file.n - HEAD_BYTES) return false;
    str in = str_from(file, HEAD_BYTES), rule = str_from(in, block_bytes(&b, 8));
    rule = str_trim(rule);
    bool beyond = b.times == 0 || (int64_t)get_be(in.p + 8 * (b.times - 1), 8) <= second;
    bool good = beyond && rule.n > 0 ? rule_offset(rule, second, &offset)
                                     : instants_offset(in, &b, second, &offset);
    if (!good || offset < -14 * 3600 || offset > 14 * 3600) return false;
    *minutes = (int16_t)(offset / 60);
    return true;
}

// ---- by name

static bool said_minutes(str s, int16_t *minutes) // +hh:mm or -hh:mm, up to 14 hours
{
    uint64_t h, m;

    if (s.n != 6 || (s.p[0] != '+' && s.p[0] != '-') || s.p[3] != ':') return false;
    if (!str_u64((str){s.p + 1, 2}, 14, &h) || !str_u64((str){s.p + 4, 2}, 59, &m)) return false;
    if (h == 14 && m > 0) return false;
    *minutes = (int16_t)(s.p[0] == '-' ? -(int)(h * 60 + m) : (int)(h * 60 + m));
    return true;
}

// No dots: a name never leaves the folder.
static bool is_name(str s)
{
    if (s.n == 0 || s.n > ZONE_NAME_MAX) return false;
    for (size_t i = 0; i < s.n; i++) {
        char c = s.p[i];
        bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
        bool other = (c >= '0' && c <= '9') || c == '_' || c == '+' || c == '-' || c == '/';
        if (!letter && (i == 0 || !other)) return false;
    }
    return true;
}

static bool file_minutes(str name, wall at, int16_t *minutes)
{
    char path[sizeof FOLDER + ZONE_NAME_MAX] = FOLDER, bytes[FILE_MAX];

    memcpy(path + sizeof FOLDER - 1, name.p, name.n);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0) return false;
    ssize_t n = read(fd, bytes, sizeof bytes);
    close(fd);
    return n > 0 && zone_minutes_of((str){bytes, (size_t)n}, at, minutes);
}

#define QUARTER_MS (15 * 60 * 1000) // zones change at the quarters of an hour

bool zone_minutes(str zone, wall at, int16_t *minutes)
{
    static _Thread_local struct {
        char name[ZONE_NAME_MAX];
        size_t n;
        int64_t quarter;
        int16_t minutes;
    } last;
    int64_t quarter = at.ms / QUARTER_MS;

    if (said_minutes(zone, minutes)) return true;
    if (!is_name(zone)) return false;
    if (last.quarter != quarter || !str_eq(zone, (str){last.name, last.n})) {
        last.n = 0;
        if (!file_minutes(zone, at, &last.minutes)) return false;
        memcpy(last.name, zone.p, zone.n);
        last.n = zone.n;
        last.quarter = quarter;
    }
    *minutes = last.minutes;
    return true;
}
