#include "service/kinds.h"
#include "service/access/certificate.h"
#include "service/access/second.h"
#include "service/access/session.h"
#include "service/access/token.h"
#include "service/access/user.h"
#include "service/catalog/place.h"
#include "service/catalog/product.h"
#include "service/client/client.h"
#include "service/event/capture.h"
#include "service/event/lot_acts.h"
#include "service/event/recalled.h"
#include "service/event/report.h"
#include "service/exception/act.h"
#include "service/exception/refused.h"
#include "service/exchange/outcome.h"
#include "service/exchange/partner.h"
#include "service/exchange/subscription.h"
#include "service/inbox/inbox.h"
#include "service/journal/call_bound.h"
#include "service/journal/opened.h"
#include "service/journal/pruned.h"
#include "service/journal/restored.h"
#include "service/lot/lot.h"
#include "service/ops/clock.h"
#include "service/ops/seeded.h"
#include "service/ops/settings_changed.h"
#include "service/pool/epoch.h"
#include "service/pool/import.h"
#include "service/pool/issue.h"
#include "service/pool/pool.h"
#include "service/pool/recover.h"
#include "service/pool/request.h"
#include "service/query/query_routes.h"
#include "service/trade/correct.h"
#include "service/trade/receive.h"
#include "service/trade/shipment.h"
#include "service/verification/verification.h"
#include "service/vocabulary/vocabulary.h"

// One a line, so that rooms which come at the same time do not meet here.
// clang-format off
const struct kind *const site_kinds[] = {
    &kind_journal_opened,
    &kind_token_created,
    &kind_token_created_1,
    &kind_token_created_2,
    &kind_token_revoked,
    &kind_refusal_raised,
    &kind_refusal_repeated_raised,
    &kind_call_bound,
    &kind_keys_pruned,
    &kind_epoch_added,
    &kind_epoch_added_1,
    &kind_site_seeded,
    &kind_site_restored,
    &kind_settings_changed,
    &kind_certificate_put,
    &kind_certificate_put_2,
    &kind_certificate_put_1,
    &kind_certificate_ended,
    &kind_session_opened,
    &kind_session_ended,
    &kind_client_put,
    &kind_user_put,
    &kind_user_put_signed,
    &kind_user_put_signed_2,
    &kind_user_password,
    &kind_user_locked,
    &kind_password_refused,
    &kind_product_put,
    &kind_location_put,
    &kind_party_put,
    &kind_line_put,
    &kind_pool_put,
    &kind_numbers_issued,
    &kind_numbers_confirmed,
    &kind_numbers_returned,
    &kind_numbers_recovered,
    &kind_numbers_reissued,
    &kind_pools_advanced,
    &kind_pools_advanced_1,
    &kind_import_part,
    &kind_import_done,
    &kind_import_dropped,
    &kind_pool_returned,
    &kind_lot_opened,
    &kind_lot_closed,
    &kind_lot_counted,
    &kind_lot_explained,
    &kind_lot_released,
    &kind_lot_released_1,
    &kind_lot_reopened,
    &kind_lot_reopened_1,
    &kind_lot_amended,
    &kind_lot_amended_1,
    &kind_lot_recalled_1,
    &kind_lot_recalled_2,
    &kind_lot_recalled,
    &kind_act_proposed,
    &kind_act_proposed_1,
    &kind_act_proposed_2,
    &kind_act_withdrawn,
    &kind_act_withdrawn_1,
    &kind_act_fallen,
    &kind_lot_held,
    &kind_hold_released,
    &kind_hold_released_1,
    &kind_units_commissioned,
    &kind_units_scrapped,
    &kind_labels_sampled,
    &kind_labels_unread,
    &kind_unit_relabelled,
    &kind_units_changed_1,
    &kind_units_changed,
    &kind_units_packed,
    &kind_units_unpacked,
    &kind_container_closed,
    &kind_shipment_made,
    &kind_shipment_drafted,
    &kind_shipment_voided,
    &kind_shipment_forwarded,
    &kind_receipt_made,
    &kind_return_made,
    &kind_correction_made,
    &kind_correction_made_1,
    &kind_exception_assigned,
    &kind_exception_noted,
    &kind_exception_resolved,
    &kind_exception_reopened,
    &kind_exception_received,
    &kind_exception_sent,
    &kind_verification_answered,
    &kind_partner_put,
    &kind_delivery_outcome,
    &kind_delivery_retried,
    &kind_document_captured,
    &kind_event_captured_1,
    &kind_event_captured_2,
    &kind_event_captured,
    &kind_capture_slice,
    &kind_capture_applied_1,
    &kind_capture_applied_2,
    &kind_capture_applied,
    &kind_units_named,
    &kind_subscription_made,
    &kind_subscription_ended,
    &kind_clock_jumped,
    &kind_clock_accepted,
    &kind_clock_accepted_1,
    &kind_query_put,
    &kind_query_deleted,
    &kind_vocabulary_captured,
    NULL,
};
// clang-format on
