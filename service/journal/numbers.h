// numbers.h - the numbers on disk: kinds of facts, tags of rows, attributes of lists. None is ever
// re-used; schemas/store.txt says what each holds and who owns it, and a test compares the two.
#pragma once

#define FACT_KINDS(X)                                                                              \
    X(JOURNAL_OPENED, 1, "journal.opened")                                                         \
    X(TOKEN_CREATED, 2, "token.created")                                                           \
    X(TOKEN_REVOKED, 3, "token.revoked")                                                           \
    X(REFUSAL, 4, "refusal")                                                                       \
    X(REFUSAL_REPEATED, 5, "refusal.repeated")                                                     \
    X(CALL_BOUND, 6, "call.bound")                                                                 \
    X(KEYS_PRUNED, 7, "keys.pruned")                                                               \
    X(EPOCH_ADDED, 8, "epoch.added")                                                               \
    X(SITE_SEEDED, 9, "site.seeded")                                                               \
    X(SITE_RESTORED, 10, "site.restored")                                                          \
    X(POOLS_ADVANCED, 11, "pools.advanced")                                                        \
    X(NUMBERS_RECOVERED, 12, "numbers.recovered")                                                  \
    X(NUMBERS_REISSUED, 13, "numbers.reissued")                                                    \
    X(CERTIFICATE_PUT, 14, "certificate.put")                                                      \
    X(CERTIFICATE_ENDED, 15, "certificate.ended")                                                  \
    X(CLIENT_PUT, 16, "client.put")                                                                \
    X(PRODUCT_PUT, 17, "product.put")                                                              \
    X(LOCATION_PUT, 18, "location.put")                                                            \
    X(PARTY_PUT, 19, "party.put")                                                                  \
    X(LINE_PUT, 20, "line.put")                                                                    \
    X(PARTNER_PUT, 21, "partner.put")                                                              \
    X(USER_PUT, 22, "user.put")                                                                    \
    X(USER_PASSWORD, 23, "user.password")                                                          \
    X(USER_LOCKED, 24, "user.locked")                                                              \
    X(PASSWORD_REFUSED, 25, "password.refused")                                                    \
    X(SETTINGS_CHANGED, 26, "settings.changed")                                                    \
    X(POOL_PUT, 32, "pool.put")                                                                    \
    X(NUMBERS_ISSUED, 33, "numbers.issued")                                                        \
    X(NUMBERS_CONFIRMED, 34, "numbers.confirmed")                                                  \
    X(NUMBERS_RETURNED, 35, "numbers.returned")                                                    \
    X(IMPORT_PART, 36, "import.part")                                                              \
    X(IMPORT_DONE, 37, "import.done")                                                              \
    X(IMPORT_DROPPED, 38, "import.dropped")                                                        \
    X(POOL_RETURNED, 39, "pool.returned")                                                          \
    X(LOT_OPENED, 48, "lot.opened")                                                                \
    X(LOT_CLOSED, 49, "lot.closed")                                                                \
    X(LOT_COUNTED, 50, "lot.counted")                                                              \
    X(LOT_EXPLAINED, 51, "lot.explained")                                                          \
    X(LOT_RELEASED, 52, "lot.released")                                                            \
    X(LOT_REOPENED, 53, "lot.reopened")                                                            \
    X(LOT_AMENDED, 54, "lot.amended")                                                              \
    X(LOT_RECALLED, 55, "lot.recalled")                                                            \
    X(LOT_HELD, 56, "lot.held")                                                                    \
    X(HOLD_RELEASED, 57, "hold.released")                                                          \
    X(UNITS_COMMISSIONED, 64, "units.commissioned")                                                \
    X(UNITS_SCRAPPED, 65, "units.scrapped")                                                        \
    X(UNITS_PACKED, 66, "units.packed")                                                            \
    X(UNITS_UNPACKED, 67, "units.unpacked")                                                        \
    X(CONTAINER_CLOSED, 68, "container.closed")                                                    \
    X(UNITS_CHANGED, 69, "units.changed")                                                          \
    X(LABELS_SAMPLED, 70, "labels.sampled")                                                        \
    X(LABELS_UNREAD, 71, "labels.unread")                                                          \
    X(UNIT_RELABELLED, 72, "unit.relabelled")                                                      \
    X(ACT_FALLEN, 73, "act.fallen")                                                                \
    X(SESSION_OPENED, 74, "session.opened")                                                        \
    X(SESSION_ENDED, 75, "session.ended")                                                          \
    X(ACT_PROPOSED, 77, "act.proposed")                                                            \
    X(ACT_WITHDRAWN, 78, "act.withdrawn")                                                          \
    X(SHIPMENT_MADE, 80, "shipment.made")                                                          \
    X(SHIPMENT_DRAFTED, 81, "shipment.drafted")                                                    \
    X(SHIPMENT_VOIDED, 82, "shipment.voided")                                                      \
    X(RECEIPT_MADE, 83, "receipt.made")                                                            \
    X(RETURN_MADE, 86, "return.made")                                                              \
    X(SHIPMENT_FORWARDED, 87, "shipment.forwarded")                                                \
    X(EXCEPTION_ASSIGNED, 88, "exception.assigned")                                                \
    X(EXCEPTION_NOTED, 89, "exception.noted")                                                      \
    X(EXCEPTION_RESOLVED, 90, "exception.resolved")                                                \
    X(EXCEPTION_REOPENED, 91, "exception.reopened")                                                \
    X(EXCEPTION_RECEIVED, 92, "exception.received")                                                \
    X(EXCEPTION_SENT, 93, "exception.sent")                                                        \
    X(VERIFICATION_ANSWERED, 84, "verification.answered")                                          \
    X(CORRECTION_MADE, 94, "correction.made")                                                      \
    X(DELIVERY_OUTCOME, 96, "delivery.outcome")                                                    \
    X(DELIVERY_RETRIED, 97, "delivery.retried")                                                    \
    X(SUBSCRIPTION_MADE, 98, "subscription.made")                                                  \
    X(SUBSCRIPTION_ENDED, 99, "subscription.ended")                                                \
    X(CLOCK_JUMPED, 100, "clock.jumped")                                                           \
    X(CLOCK_ACCEPTED, 101, "clock.accepted")                                                       \
    X(QUERY_PUT, 104, "query.put")                                                                 \
    X(QUERY_DELETED, 105, "query.deleted")                                                         \
    X(DOCUMENT_CAPTURED, 112, "document.captured")                                                 \
    X(EVENT_CAPTURED, 113, "event.captured")                                                       \
    X(CAPTURE_SLICE, 114, "capture.slice")                                                         \
    X(UNITS_NAMED, 115, "units.named")                                                             \
    X(CAPTURE_APPLIED, 116, "capture.applied")                                                     \
    X(VOCABULARY_CAPTURED, 120, "vocabulary.captured")

enum fact_kind {
#define X(name, number, text) FACT_##name = (number),
    FACT_KINDS(X)
#undef X
        FACT_KIND_MAX = 127
};

#define ROW_TAGS(X)                                                                                \
    X(META, 'M')                                                                                   \
    X(RESTORED, '!')                                                                               \
    X(HEAD, '#')                                                                                   \
    X(LINK, 'K')                                                                                   \
    X(COUNTER, 'N')                                                                                \
    X(CLIENT_COUNT, '$')                                                                           \
    X(LIST_TAIL, 'v')                                                                              \
    X(IDEMPOTENCY, 'I')                                                                            \
    X(REPORT_ID, 'i')                                                                              \
    X(ITEM, 'X')                                                                                   \
    X(ITEM_NUMBER, 'x')                                                                            \
    X(ACTOR, 'A')                                                                                  \
    X(ACTOR_ID, 't')                                                                               \
    X(TOKEN, 'T')                                                                                  \
    X(CERTIFICATE, '@')                                                                            \
    X(USER, 'u')                                                                                   \
    X(USER_PASSWORD_OF, 'b')                                                                       \
    X(CLIENT, 'C')                                                                                 \
    X(PREFIX, 'f')                                                                                 \
    X(GTIN, 'G')                                                                                   \
    X(POOL, 'P')                                                                                   \
    X(POOL_OF_GTIN, 'g')                                                                           \
    X(SPACE, 'S')                                                                                  \
    X(ISSUE, 'R')                                                                                  \
    X(SPACE_MARK, '&')                                                                             \
    X(REQUEST, 'Q')                                                                                \
    X(ASKED, '(')                                                                                  \
    X(RESERVED, 'r')                                                                               \
    X(BACK, '8')                                                                                   \
    X(LIST_TEXT, 'l')                                                                              \
    X(SERIAL, 's')                                                                                 \
    X(IMPORT, 'm')                                                                                 \
    X(LOT, 'L')                                                                                    \
    X(LOT_NUMBER, 'o')                                                                             \
    X(LOT_COUNTS, 'k')                                                                             \
    X(HOLD, '3')                                                                                   \
    X(LOT_PAPER, '4')                                                                              \
    X(ACT_PENDING, '%')                                                                            \
    X(UNIT, 'U')                                                                                   \
    X(CHILDREN, 'c')                                                                               \
    X(CARGO, '5')                                                                                  \
    X(SHIPMENT, 'h')                                                                               \
    X(HANDED, '6')                                                                                 \
    X(EXCEPTION, 'O')                                                                              \
    X(EXCEPTION_STANDING, '1')                                                                     \
    X(EXCEPTION_COUNT, '2')                                                                        \
    X(LABEL_ORDER, '7')                                                                            \
    X(VERIFICATION, '9')                                                                           \
    X(PARTNER_STATE, 'D')                                                                          \
    X(DELIVERY, 'd')                                                                               \
    X(PARKED, 'p')                                                                                 \
    X(PARKED_LOT, 'q')                                                                             \
    X(SUBSCRIPTION, 'w')                                                                           \
    X(SUBSCRIPTION_OF, 'W')                                                                        \
    X(QUERY, 'Y')                                                                                  \
    X(FOREIGN, 'F')                                                                                \
    X(JOB, 'J')                                                                                    \
    X(WAITING, 'z')                                                                                \
    X(WAITING_UNTIL, 'Z')                                                                          \
    X(WAITING_UNIT, 'y')                                                                           \
    X(SUBSCRIPTION_ID, 'B')                                                                        \
    X(VOCABULARY, 'E')                                                                             \
    X(VOCABULARY_OF, 'e')

enum row_tag {
#define X(name, tag) ROW_##name = (tag),
    ROW_TAGS(X)
#undef X
};
enum { LIST_TAG = 'V' }; // of keys of lists: LIST_TAG, client 4, attribute 2, value

// What events are found by (schemas/indexed.yaml). A value of over 64 bytes is the first 16 of its
// SHA-256. A list names never too few facts: who reads it looks at the events themselves.
#define LIST_ATTRIBUTES(X)                                                                         \
    X(EVENTS, 0)                                                                                   \
    X(LOT, 1)                                                                                      \
    X(HOUR, 2)                                                                                     \
    X(TYPE, 3)                                                                                     \
    X(STEP, 4)                                                                                     \
    X(DISPOSITION, 5)                                                                              \
    X(READ_POINT, 6)                                                                               \
    X(BIZ_LOCATION, 7)                                                                             \
    X(BIZ_TRANSACTION, 8)                                                                          \
    X(SOURCE, 9)                                                                                   \
    X(DESTINATION, 10)                                                                             \
    X(EPC_CLASS, 11)                                                                               \
    X(ITEM_CLASS, 12)                                                                              \
    X(TRANSFORMATION, 13)                                                                          \
    X(EVENT_ID, 14)                                                                                \
    X(ERROR, 15)                                                                                   \
    X(UNIT, 16)                                                                                    \
    X(EXCEPTION, 17)                                                                               \
    X(VERIFICATION, 20)

enum list_attribute {
#define X(name, number) LIST_##name = (number),
    LIST_ATTRIBUTES(X)
#undef X
};
