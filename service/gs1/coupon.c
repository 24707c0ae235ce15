// North American coupons: AI 8110 (GS1 North American Coupon Application Guideline) and AI 8112
// (positive offer file). All digits; fields whose length is told by a digit before them.
//
// 8110: GCP(6+v) offer(6) save(v) first need(v) its code, family(3), then optional fields, each
// begun by its number: 1 second purchase, 2 third purchase, 3 expiry, 4 start, 5 serial(6+v),
// 6 retailer(6+v), 9 the rest.  8112: format, funder(6+v), offer(6), serial(6+v).
#include "service/gs1/gs1_int.h"
#include <string.h>

struct cursor {
    str in;
    size_t at;
    struct gs1_fault fault; // sticks
};

static void wrong(struct cursor *c, const char *says, size_t at)
{
    if (c->fault.reason == NULL) c->fault = (struct gs1_fault){"gs1.coupon", says, at};
}

static str take(struct cursor *c, size_t n)
{
    if (c->fault.reason != NULL || c->in.n - c->at < n) {
        wrong(c, "ends in the middle of a coupon field", c->at);
        return (str){"", 0};
    }
    c->at += n;
    return (str){c->in.p + c->at - n, n};
}

// One of the characters of `allowed`; the first of them when there is trouble.
static char one_of(struct cursor *c, const char *allowed)
{
    str s = take(c, 1);

    if (s.n == 0) return allowed[0];
    if (strchr(allowed, s.p[0]) != NULL) return s.p[0];
    wrong(c, "has a coupon code that does not exist", c->at - 1);
    return allowed[0];
}

// A field whose length is a digit out of `allowed`, plus `base`.
static void sized(struct cursor *c, const char *allowed, size_t base)
{
    take(c, (size_t)(one_of(c, allowed) - '0') + base);
}

static void purchase(struct cursor *c)
{
    sized(c, "12345", 0);
    one_of(c, "012349");
    take(c, 3);
}

static void further_purchase(struct cursor *c)
{
    purchase(c);
    char digit = one_of(c, "01234569"); // 9: no company prefix follows
    if (digit != '9') take(c, (size_t)(digit - '0') + 6);
}

static str day(struct cursor *c)
{
    str s = take(c, 6);

    if (s.n == 6) {
        struct gs1_fault f = gs1_lint(LINT_yymmdd, s);
        if (f.reason != NULL) wrong(c, "has a coupon date that does not exist", c->at - 6 + f.at);
    }
    return s;
}

static void values(struct cursor *c)
{
    one_of(c, "01256");      // what the save value means
    one_of(c, "012");        // what it applies to
    one_of(c, "0123456789"); // store coupon
    one_of(c, "01");         // do not multiply
}

static void optional_fields(struct cursor *c)
{
    str expiry = {"", 0}, start = {"", 0};

    for (char last = '0'; c->at < c->in.n && c->fault.reason == NULL;) {
        char field = one_of(c, "1234569");
        if (field <= last) wrong(c, "has its coupon fields in the wrong order", c->at - 1);
        last = field;
        if (field == '1') one_of(c, "0123"); // rule for further purchases
        if (field == '1' || field == '2') further_purchase(c);
        if (field == '3') expiry = day(c);
        if (field == '4') start = day(c);
        if (field == '5') sized(c, "0123456789", 6);
        if (field == '6') sized(c, "1234567", 6);
        if (field == '9') values(c);
    }
    if (expiry.n == 6 && start.n == 6 && str_cmp(expiry, start) < 0)
        wrong(c, "expires before it starts", (size_t)(expiry.p - c->in.p));
}

static struct cursor begin(str v) { return (struct cursor){v, 0, gs1_set_fault(v, SET_DIGIT)}; }

struct gs1_fault gs1_coupon_8110(str v)
{
    struct cursor c = begin(v);

    sized(&c, "0123456", 6); // company prefix
    take(&c, 6);             // offer
    sized(&c, "12345", 0);   // save value
    purchase(&c);
    optional_fields(&c);
    return c.fault;
}

struct gs1_fault gs1_coupon_8112(str v)
{
    struct cursor c = begin(v);

    one_of(&c, "01");
    sized(&c, "0123456", 6); // funder
    take(&c, 6);             // offer
    sized(&c, "0123456789", 6);
    if (c.fault.reason == NULL && c.at < v.n) wrong(&c, "goes on after its last field", c.at);
    return c.fault;
}
