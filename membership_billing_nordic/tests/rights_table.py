"""Who may do what: one row per model and per public method, one column per role.

Models: the letters of what the role may do - (c)reate, (r)ead, (u)pdate, (d)elete. Which records
that reaches is decided by record rules. Methods: ``x`` may be called, ``-`` is refused before
anything is done. A new model or public method belongs in here, else a test fails.

No Odoo is needed to read this table: the tests over the network do too.
"""

ADDONS = ("membership_billing_nordic", "l10n_no_ocr")
MODULES = tuple(f"odoo.addons.{addon}." for addon in ADDONS)
ROLES = {
    "portal": "base.group_portal",
    "employee": "base.group_user",
    "outside": "membership_billing_nordic.group_outside_partner",
    "association": "membership_billing_nordic.group_association_administrator",
    "desk": "membership_billing_nordic.group_billing_front_desk",
    "user": "membership_billing_nordic.group_billing_user",
    "manager": "membership_billing_nordic.group_billing_manager",
    "auditor": "membership_billing_nordic.group_billing_auditor",
}
MODELS = """
                                                      portal employee outside association desk user manager auditor
bank.agreement                                        -      -        -       -           -    r    crud    r
bank.agreement.report                                 -      -        -       -           -    r    crud    r
bank.channel                                          -      -        -       -           -    r    crud    r
bank.channel.seen                                     -      -        -       -           -    r    crud    r
bank.connection                                       -      -        -       -           -    r    crud    r
bank.deposit                                          -      -        -       -           -    r    r       r
bank.difference                                       -      -        -       -           -    r    r       r
bank.file                                             -      -        -       -           -    r    r       r
bank.file.expectation                                 -      -        -       -           -    r    crud    r
bank.file.issue                                       -      -        -       -           -    r    r       r
bank.file.total                                       -      -        -       -           -    r    r       r
bank.file.upload                                      -      -        -       -           -    crud crud    -
bank.mandate.event                                    -      -        -       -           -    r    r       r
bank.mandate.place                                    -      -        -       -           -    crud crud    -
bank.money.move                                       -      -        -       -           -    r    r       r
bank.money.move.make                                  -      -        -       -           -    crud crud    -
bank.notice                                           -      -        -       -           -    r    r       r
bank.payer.number                                     -      -        -       -           -    cr   cru     r
bank.payment                                          -      -        -       -           -    r    r       r
bank.payment.allocation                               -      -        -       -           -    r    r       r
bank.payment.place                                    -      -        -       -           -    crud crud    -
bank.payment.place.line                               -      -        -       -           -    crud crud    -
bank.payment.place.proposal                           -      -        -       -           -    crud crud    -
bank.reference.layout                                 -      -        -       -           -    r    crud    r
bank.refund                                           -      -        -       -           -    r    r       r
bank.refund.line                                      -      -        -       -           -    r    r       r
bank.refund.propose                                   -      -        -       -           -    crud crud    -
billing.block                                         -      -        -       -           r    cru  cru     r
billing.credit                                        -      -        -       crud        -    crud crud    -
billing.credit.line                                   -      -        -       crud        -    crud crud    -
billing.delivery                                      -      -        -       r           r    r    r       r
billing.delivery.bundle                               -      -        -       -           -    ru   ru      r
billing.delivery.step                                 -      -        -       -           -    r    crud    r
billing.desk                                          -      -        -       -           crud crud crud    crud
billing.invoice.fee                                   -      -        -       -           -    r    crud    r
billing.document.layout                               -      -        -       -           -    r    crud    r
billing.exception                                     -      -        -       -           r    ru   ru      r
billing.one.off                                       -      -        -       crud        -    crud crud    r
billing.one.off.item                                  -      -        -       crud        -    crud crud    r
billing.one.off.line                                  -      -        -       crud        -    crud crud    r
billing.payment.attempt                               -      -        -       -           -    r    r       r
billing.preview                                       -      -        -       crud        crud crud crud    crud
billing.reference                                     -      -        -       -           -    r    r       r
billing.posting.rule                                  -      -        -       -           -    r    crud    r
billing.run                                           -      -        -       -           -    r    crud    r
billing.run.line                                      -      -        -       -           -    r    r       r
billing.run.release                                   -      -        -       -           -    -    crud    -
billing.run.signal                                    -      -        -       -           -    -    r       r
billing.run.start                                     -      -        -       -           -    -    crud    -
billing.run.total                                     -      -        -       -           -    r    r       r
billing.run.undo                                      -      -        -       -           -    -    crud    -
debt.collection.agency                                -      -        -       -           r    r    crud    r
debt.collection.case                                  -      -        -       -           r    r    r       r
debt.collection.decide                                -      -        -       -           -    crud crud    -
debt.collection.event                                 -      -        -       -           r    r    r       r
debt.collection.file                                  -      -        -       -           -    r    r       r
debt.collection.line                                  -      -        -       -           r    r    r       r
debt.collection.upload                                -      -        -       -           -    -    crud    -
direct.debit.call                                     -      -        -       -           ru   ru   ru      r
direct.debit.call.contact                             -      -        -       -           r    r    r       r
direct.debit.call.export                              -      -        -       -           -    crud crud    -
direct.debit.call.import                              -      -        -       -           -    crud crud    -
direct.debit.call.import.line                         -      -        -       -           -    crud crud    -
direct.debit.call.outcome                             -      -        -       -           crud crud crud    -
direct.debit.deadline                                 -      -        -       -           r    r    r       r
direct.debit.failure                                  -      -        -       -           r    r    r       r
direct.debit.failure.policy                           -      -        -       -           -    r    crud    r
direct.debit.failure.step                             -      -        -       -           -    r    crud    r
direct.debit.make                                     -      -        -       -           -    -    crud    -
direct.debit.make.line                                -      -        -       -           -    -    crud    -
direct.debit.mandate                                  -      -        -       -           r    cru  cru     r
direct.debit.mandate.import                           -      -        -       -           -    crud crud    -
direct.debit.mandate.import.line                      -      -        -       -           -    crud crud    -
direct.debit.move                                     -      -        -       -           -    crud crud    -
direct.debit.order                                    -      -        -       -           r    r    r       r
direct.debit.order.event                              -      -        -       -           r    r    r       r
direct.debit.order.line                               -      -        -       -           r    r    r       r
direct.debit.register.difference                      -      -        -       -           -    r    r       r
dunning.cancel                                        -      -        -       -           -    crud crud    -
dunning.claim                                         -      -        -       -           r    r    r       r
dunning.effect                                        -      -        -       -           r    r    r       r
dunning.hold                                          -      -        -       -           -    crud crud    -
dunning.interest.rate                                 -      -        -       -           -    r    cru     r
dunning.law                                           -      -        -       -           -    r    cru     r
dunning.letter                                        -      -        -       -           r    r    r       r
dunning.letter.import                                 -      -        -       -           -    -    crud    -
dunning.letter.import.line                            -      -        -       -           -    -    crud    -
dunning.letter.line                                   -      -        -       -           r    r    r       r
dunning.payment                                       -      -        -       -           r    r    r       r
dunning.payment.plan                                  -      -        -       -           r    r    r       r
dunning.payment.plan.instalment                       -      -        -       -           r    r    r       r
dunning.payment.plan.make                             -      -        -       -           -    crud crud    -
dunning.payment.plan.make.line                        -      -        -       -           -    crud crud    -
dunning.policy                                        -      -        -       -           r    r    crud    r
dunning.policy.level                                  -      -        -       -           r    r    crud    r
dunning.posting                                       -      -        -       -           r    r    r       r
dunning.run                                           -      -        -       -           -    r    crud    r
dunning.run.line                                      -      -        -       -           -    r    r       r
member.account.line                                   -      -        -       -           r    r    r       r
membership.association                                -      -        r       ru          r    r    crud    r
membership.association.paid                           -      -        -       -           -    crud crud    -
membership.association.report                         -      -        -       r           -    r    r       r
membership.charge                                     r      -        r       r           r    r    r       r
membership.contract                                   r      -        crud    crud        crud crud crud    r
membership.contract.alter                             -      -        -       crud        crud crud crud    -
membership.contract.change                            -      -        r       r           r    r    r       r
membership.contract.charge                            -      -        -       crud        crud crud crud    -
membership.contract.line                              -      -        crud    crud        crud crud crud    r
membership.contract.price                             -      -        -       -           r    r    crud    r
membership.contract.stop                              -      -        -       crud        crud crud crud    -
membership.freeze.reason                              -      -        r       r           r    r    crud    r
membership.levy                                       -      -        -       -           -    r    crud    r
membership.levy.line                                  -      -        -       -           -    r    r       r
membership.levy.member                                -      -        -       -           -    r    r       r
membership.levy.rate                                  -      -        -       -           -    r    crud    r
membership.payout                                     -      -        -       r           -    r    r       r
membership.payout.set.off                             -      -        -       r           -    r    r       r
membership.payout.start                               -      -        -       -           -    -    crud    -
membership.payout.undo                                -      -        -       -           -    -    crud    -
membership.period                                     r      -        r       r           r    r    r       r
membership.plan                                       -      -        r       r           r    r    crud    r
membership.plan.joining                               -      -        r       r           r    r    crud    r
membership.plan.price                                 -      -        r       r           r    r    crud    r
membership.price.change                               -      -        -       -           -    r    crud    r
membership.price.change.line                          -      -        -       -           -    r    r       r
membership.send.again                                 -      -        -       -           crud crud crud    -
membership.send.again.line                            -      -        -       -           crud crud crud    -
membership.share                                      -      -        -       r           -    r    r       r
membership.share.rule                                 -      -        -       -           -    r    crud    r
membership.signup                                     -      -        crud    crud        crud crud crud    -
account.move                                          r      -        -       r           -    crud crud    r
account.move.line                                     r      -        -       r           -    crud crud    r
res.partner                                           r      r        cru     cru         cru  cru  cru     r
res.partner.bank                                      -      r        r       r           r    r    r       r
"""
METHODS = """
                                                      portal employee outside association desk user manager auditor
account.move.action_mbn_claims                        -      -        -       -           x    x    x       x
account.move.action_mbn_credit                        -      -        -       x           -    x    x       -
account.move.action_mbn_orders                        -      -        -       -           x    x    x       x
account.move.action_mbn_paid_to_association           -      -        -       -           -    x    x       -
account.move.action_mbn_payments                      -      -        -       -           -    x    x       x
account.move.action_mbn_print_letters                 -      -        -       -           -    x    x       -
account.move.action_mbn_send_again                    -      -        -       -           -    x    x       -
account.move.line.action_mbn_move                     -      -        -       -           -    x    x       -
account.move.line.action_mbn_refund                   -      -        -       -           -    x    x       -
account.move.action_mbn_view_contracts                -      -        -       x           x    x    x       x
account.move.line.action_mbn_use                      -      -        -       -           -    x    x       -
bank.agreement.action_check                           -      -        -       -           -    x    x       x
bank.agreement.action_payer_numbers                   -      -        -       -           -    x    x       x
bank.agreement.action_references                      -      -        -       -           -    x    x       x
bank.agreement.action_take_over_mandates              -      -        -       -           -    -    x       -
bank.channel.action_accept_host_key                   -      -        -       -           -    -    x       -
bank.channel.action_fetch                             -      -        -       -           -    -    x       -
bank.channel.action_read_host_key                     -      -        -       -           -    -    x       -
bank.channel.action_test                              -      -        -       -           -    -    x       -
bank.connection.action_agreements                     -      -        -       -           -    x    x       x

bank.connection.action_make_debit_file                -      -        -       -           -    -    x       -
bank.deposit.action_book                              -      -        -       -           -    -    x       -
bank.deposit.action_discard                           -      -        -       -           -    -    x       -
bank.deposit.action_show_payments                     -      -        -       -           -    x    x       x
bank.difference.action_undo                           -      -        -       -           -    x    x       -
bank.entry.mixin.action_undo                          -      -        -       -           -    -    -       -
bank.file.action_approve                              -      -        -       -           -    -    x       -
bank.file.action_arrived                              -      -        -       -           -    -    x       -
bank.file.action_delivered                            -      -        -       -           -    -    x       -
bank.file.action_discard                              -      -        -       -           -    -    x       -
bank.file.action_download                             -      -        -       -           -    -    x       -
bank.file.action_not_arrived                          -      -        -       -           -    -    x       -
bank.file.action_process_again                        -      -        -       -           -    x    x       -
bank.file.action_refresh                              -      -        -       -           -    x    x       x
bank.file.action_rejection_read                       -      -        -       -           -    -    x       -
bank.file.action_reviewed                             -      -        -       -           -    x    x       -
bank.file.action_send_late                            -      -        -       -           -    -    x       -
bank.file.action_show_deposits                        -      -        -       -           -    x    x       x
bank.file.action_show_entries                         -      -        -       -           -    x    x       x
bank.file.action_show_first                           -      -        -       -           -    x    x       x
bank.file.action_show_held                            -      -        -       -           -    x    x       x
bank.file.action_show_mandates                        -      -        -       -           -    x    x       x
bank.file.action_show_mandate_events                  -      -        -       -           -    x    x       x
bank.file.action_show_payments                        -      -        -       -           -    x    x       x
bank.file.action_show_to_place                        -      -        -       -           -    x    x       x
bank.file.expectation.action_fetch                    -      -        -       -           -    -    x       -
bank.file.expectation.action_nothing_comes            -      -        -       -           -    x    x       -
bank.file.upload.action_upload                        -      -        -       -           -    x    x       -
bank.mandate.event.action_dismiss                     -      -        -       -           -    x    x       -
bank.mandate.place.action_place                       -      -        -       -           -    x    x       -
bank.money.move.action_undo                           -      -        -       -           -    x    x       -
bank.money.move.make.action_move                      -      -        -       -           -    x    x       -
bank.payment.action_accept_best                       -      -        -       -           -    x    x       -
bank.payment.action_place                             -      -        -       -           -    x    x       -
bank.payment.action_refund                            -      -        -       -           -    x    x       -
bank.payment.action_show_entries                      -      -        -       -           -    x    x       x
bank.payment.action_show_invoices                     -      -        -       -           -    x    x       x
bank.payment.action_undo                              -      -        -       -           -    x    x       -
bank.payment.place.action_place                       -      -        -       -           -    x    x       -
bank.payment.place.action_read_list                   -      -        -       -           -    x    x       -
bank.payment.place.proposal.action_take               -      -        -       -           -    x    x       -
bank.refund.action_ask_again                          -      -        -       -           -    x    x       -
bank.refund.action_approve                            -      -        -       -           -    -    x       -
bank.refund.action_cancel                             -      -        -       -           -    x    x       -
bank.refund.action_propose_again                      -      -        -       -           -    x    x       -
bank.refund.propose.action_propose                    -      -        -       -           -    x    x       -
billing.api.bank_file_outcome                         -      -        -       -           -    x    x       x
billing.api.cancel_contract                           -      -        -       x           x    x    x       -
billing.api.cancel_mandate                            -      -        -       -           -    x    x       -
billing.api.change_contract                           -      -        -       x           x    x    x       -
billing.api.changes                                   -      -        x       x           x    x    x       x
billing.api.create_contract                           -      -        x       x           x    x    x       -
billing.api.create_member                             -      -        x       x           x    x    x       -
billing.api.entitlement                               -      -        x       x           x    x    x       x
billing.api.entitlements                              -      -        x       x           x    x    x       x
billing.api.list_contracts                            -      -        x       x           x    x    x       x
billing.api.list_invoices                             -      -        -       x           -    x    x       x
billing.api.list_mandates                             -      -        -       -           x    x    x       x
billing.api.list_members                              -      -        x       x           x    x    x       x
billing.api.list_payments                             -      -        -       -           -    x    x       x
billing.api.pause_contract                            -      -        -       x           x    x    x       -
billing.api.resume_contract                           -      -        -       x           x    x    x       -
billing.api.search_members                            -      x        x       x           x    x    x       x
billing.api.sign_up                                   -      -        x       x           x    x    x       -
billing.api.upload_bank_file                          -      -        -       -           -    x    x       -
billing.api.upsert_contracts                          -      -        x       x           x    x    x       -
billing.api.upsert_mandates                           -      -        -       -           -    x    x       -
billing.api.upsert_members                            -      -        x       x           x    x    x       -
billing.block.action_lift                             -      -        -       -           -    x    x       -
billing.credit.action_credit                          -      -        -       x           -    x    x       -
billing.delivery.bundle.action_download               -      -        -       -           -    x    x       x
billing.delivery.bundle.action_download_index         -      -        -       -           -    x    x       x
billing.delivery.bundle.action_mark_posted            -      -        -       -           -    x    x       -
billing.desk.action_open                              -      -        -       -           x    x    x       x
billing.desk.action_show_rows                         -      -        -       -           x    x    x       x
billing.exception.action_approve_file                 -      -        -       -           -    -    x       -
billing.exception.action_ask_provider                 -      -        -       -           -    x    x       -
billing.exception.action_book_shares                  -      -        -       -           -    x    x       -
billing.exception.action_close                        -      -        -       -           -    x    x       -
billing.exception.action_discard_file                 -      -        -       -           -    -    x       -
billing.exception.action_file_arrived                 -      -        -       -           -    -    x       -
billing.exception.action_file_not_arrived             -      -        -       -           -    -    x       -
billing.exception.action_nothing_comes                -      -        -       -           -    x    x       -
billing.exception.action_open_record                  -      -        -       -           x    x    x       x
billing.exception.action_payment_not_made             -      -        -       -           -    x    x       -
billing.exception.action_release_mandates             -      -        -       -           -    x    x       -
billing.exception.action_start_cron                   -      -        -       -           -    -    x       -
billing.exception.action_test_channel                 -      -        -       -           -    -    x       -
billing.list.import.mixin.action_import               -      -        -       -           -    -    -       -
billing.list.import.mixin.action_preview              -      -        -       -           -    -    -       -
billing.preview.mixin.action_cancel                   -      -        -       -           -    -    -       -
billing.preview.mixin.action_confirm                  -      -        -       -           -    -    -       -
billing.preview.mixin.action_preview                  -      -        -       -           -    -    -       -
billing.preview.mixin.action_refresh                  -      -        -       -           -    -    -       -
billing.run.action_ask_undo                           -      -        -       -           -    -    x       -
billing.run.action_cancel                             -      -        -       -           -    -    x       -
billing.run.action_confirm                            -      -        -       -           -    -    x       -
billing.run.action_continue                           -      -        -       -           -    -    x       -
billing.run.action_hold                               -      -        -       -           -    -    x       -
billing.run.action_leave_rest                         -      -        -       -           -    -    x       -
billing.run.action_mark_letters_posted                -      -        -       -           -    x    x       -
billing.run.action_preview                            -      -        -       -           -    -    x       -
billing.run.action_print_letters                      -      -        -       -           -    x    x       -
billing.run.action_refresh                            -      -        -       -           -    x    x       x
billing.run.action_release_part                       -      -        -       -           -    -    x       -
billing.run.action_undo                               -      -        -       -           -    -    x       -
billing.run.action_view_credit_notes                  -      -        -       -           -    x    x       x
billing.run.action_view_elsewhere                     -      -        -       -           -    x    x       x
billing.run.action_view_invoices                      -      -        -       -           -    x    x       x
billing.run.action_view_left_out                      -      -        -       -           -    x    x       x
billing.run.action_view_letters                       -      -        -       -           -    x    x       x
billing.run.action_view_lines                         -      -        -       -           -    x    x       x
billing.run.action_view_unsent                        -      -        -       -           -    x    x       x
billing.run.line.action_fix                           -      -        -       -           -    x    x       x
billing.run.line.action_view_invoice                  -      -        -       -           -    x    x       x
billing.run.mixin.action_refresh                      -      -        -       -           -    -    -       -
billing.run.release.action_release                    -      -        -       -           -    -    x       -
billing.run.start.action_start                        -      -        -       -           -    -    x       -
billing.run.total.action_view_lines                   -      -        -       -           -    x    x       x
billing.run.undo.action_undo                          -      -        -       -           -    -    x       -
debt.collection.agency.action_propose                 -      -        -       -           -    -    x       -
debt.collection.agency.action_show_cases              -      -        -       -           x    x    x       x
debt.collection.case.action_accepted                  -      -        -       -           -    x    x       -
debt.collection.case.action_close                     -      -        -       -           -    x    x       -
debt.collection.case.action_collect_again             -      -        -       -           -    -    x       -
debt.collection.case.action_paid                      -      -        -       -           -    x    x       -
debt.collection.case.action_recall                    -      -        -       -           -    x    x       -
debt.collection.case.action_refused                   -      -        -       -           -    x    x       -
debt.collection.case.action_show_invoices             -      -        -       -           x    x    x       x
debt.collection.decide.action_decide                  -      -        -       -           -    x    x       -
debt.collection.file.action_approve                   -      -        -       -           -    -    x       -
debt.collection.file.action_delivered                 -      -        -       -           -    -    x       -
debt.collection.file.action_discard                   -      -        -       -           -    -    x       -
debt.collection.file.action_download                  -      -        -       -           -    -    x       -
debt.collection.file.action_problem_read              -      -        -       -           -    -    x       -
debt.collection.file.action_propose                   -      -        -       -           -    -    x       -
debt.collection.file.action_read_again                -      -        -       -           -    -    x       -
debt.collection.file.action_refresh_preview           -      -        -       -           -    -    x       -
debt.collection.upload.action_read                    -      -        -       -           -    -    x       -
direct.debit.call.action_close                        -      -        -       -           x    x    x       -
direct.debit.call.action_leave                        -      -        -       -           x    x    x       -
direct.debit.call.action_lower_amount                 -      -        -       -           x    x    x       -
direct.debit.call.action_mbn_open_payer               -      -        -       -           x    x    x       x
direct.debit.call.action_new_date                     -      -        -       -           x    x    x       -
direct.debit.call.action_no_answer                    -      -        -       -           x    x    x       -
direct.debit.call.action_record                       -      -        -       -           x    x    x       -
direct.debit.call.action_reopen                       -      -        -       -           x    x    x       -
direct.debit.call.action_send_link                    -      -        -       -           x    x    x       -
direct.debit.call.action_show_orders                  -      -        -       -           x    x    x       x
direct.debit.call.action_take                         -      -        -       -           x    x    x       -
direct.debit.call.export.action_export                -      -        -       -           -    x    x       -
direct.debit.call.import.action_import                -      -        -       -           -    x    x       -
direct.debit.call.import.action_preview               -      -        -       -           -    x    x       -
direct.debit.call.outcome.action_save                 -      -        -       -           x    x    x       -
direct.debit.deadline.action_show_orders              -      -        -       -           x    x    x       x
direct.debit.failure.action_send_again                -      -        -       -           -    x    x       -
direct.debit.make.action_make                         -      -        -       -           -    -    x       -
direct.debit.make.action_preview                      -      -        -       -           -    -    x       -
direct.debit.make.line.action_show                    -      -        -       -           -    -    x       -
direct.debit.mandate.action_accept_wish               -      -        -       -           -    x    x       -
direct.debit.mandate.action_activate                  -      -        -       -           -    x    x       -
direct.debit.mandate.action_call                      -      -        -       -           x    x    x       -
direct.debit.mandate.action_cancel                    -      -        -       -           -    x    x       -
direct.debit.mandate.action_keep_number               -      -        -       -           -    x    x       -
direct.debit.mandate.action_refuse_wish               -      -        -       -           -    x    x       -
direct.debit.mandate.action_release                   -      -        -       -           -    x    x       -
direct.debit.mandate.action_request                   -      -        -       -           -    x    x       -
direct.debit.mandate.action_show_orders               -      -        -       -           x    x    x       x
direct.debit.mandate.import.action_import             -      -        -       -           -    x    x       -
direct.debit.mandate.import.action_preview            -      -        -       -           -    x    x       -
direct.debit.order.action_call                        -      -        -       -           x    x    x       -
direct.debit.move.action_move                         -      -        -       -           -    x    x       -
direct.debit.order.action_move                        -      -        -       -           -    x    x       -
direct.debit.order.action_release                     -      -        -       -           -    x    x       -
direct.debit.order.action_show_invoices               -      -        -       -           x    x    x       x
direct.debit.order.action_stop                        -      -        -       -           -    x    x       -
direct.debit.register.difference.action_leave         -      -        -       -           -    x    x       -
direct.debit.register.difference.action_take_over     -      -        -       -           -    x    x       -
dunning.cancel.action_cancel                          -      -        -       -           -    x    x       -
dunning.claim.action_collect_again                    -      -        -       -           -    -    x       -
dunning.claim.action_hold                             -      -        -       -           -    x    x       -
dunning.claim.action_plan                             -      -        -       -           -    x    x       -
dunning.claim.action_release                          -      -        -       -           -    x    x       -
dunning.claim.action_show_invoice                     -      -        -       -           x    x    x       x
dunning.claim.action_show_letters                     -      -        -       -           x    x    x       x
dunning.claim.action_show_plan                        -      -        -       -           x    x    x       x
dunning.hold.action_hold                              -      -        -       -           -    x    x       -
dunning.interest.rate.action_verify                   -      -        -       -           -    -    x       -
dunning.law.action_verify                             -      -        -       -           -    -    x       -
dunning.law.mixin.action_verify                       -      -        -       -           -    -    -       -
dunning.letter.action_cancel_charges                  -      -        -       -           -    x    x       -
dunning.letter.action_mark_posted                     -      -        -       -           -    x    x       -
dunning.letter.action_print                           -      -        -       -           -    x    x       -
dunning.letter.action_print_bundle                    -      -        -       -           -    x    x       -
dunning.letter.action_reissue                         -      -        -       -           -    x    x       -
dunning.letter.action_show_invoices                   -      -        -       -           x    x    x       x
dunning.letter.import.action_import                   -      -        -       -           -    -    x       -
dunning.letter.import.action_preview                  -      -        -       -           -    -    x       -
dunning.payment.plan.action_end                       -      -        -       -           -    x    x       -
dunning.payment.plan.action_show_claims               -      -        -       -           x    x    x       x
dunning.payment.plan.action_show_letters              -      -        -       -           x    x    x       x
dunning.payment.plan.make.action_agree                -      -        -       -           -    x    x       -
dunning.run.action_cancel                             -      -        -       -           -    -    x       -
dunning.run.action_confirm                            -      -        -       -           -    -    x       -
dunning.run.action_preview                            -      -        -       -           -    -    x       -
dunning.run.action_refresh                            -      -        -       -           -    x    x       x
dunning.run.action_show_letters                       -      -        -       -           -    x    x       x
dunning.run.action_show_lines                         -      -        -       -           -    x    x       x
dunning.run.action_show_out                           -      -        -       -           -    x    x       x
dunning.run.line.action_show_claim                    -      -        -       -           -    x    x       x
member.account.line.action_open_move                  -      -        -       -           x    x    x       x
member.account.line.action_print_statement            -      -        -       -           x    x    x       x
membership.association.action_bill                    -      -        -       -           -    x    x       -
membership.association.action_view_contracts          -      -        x       x           x    x    x       x
membership.association.action_view_members            -      -        x       x           x    x    x       x
membership.association.paid.action_book               -      -        -       -           -    x    x       -
membership.charge.action_bill_again                   -      -        -       -           -    x    x       -
membership.contract.action_bill_now                   -      -        -       -           -    x    x       -
membership.contract.action_block                      -      -        -       -           -    x    x       -
membership.contract.action_change                     -      -        -       x           x    x    x       -
membership.contract.action_change_prices              -      -        -       -           -    -    x       -
membership.contract.action_charge                     -      -        -       -           x    x    x       -
membership.contract.action_confirm                    -      -        -       x           x    x    x       -
membership.contract.action_detach_payer               -      -        x       x           x    x    x       -
membership.contract.action_end                        -      -        -       x           x    x    x       -
membership.contract.action_mbn_open_member            x      -        x       x           x    x    x       x
membership.contract.action_pause                      -      -        -       x           x    x    x       -
membership.contract.action_resume                     -      -        x       x           x    x    x       -
membership.contract.action_stop                       -      -        -       x           x    x    x       -
membership.contract.action_undo_change                -      -        x       x           x    x    x       -
membership.contract.action_undo_end                   -      -        x       x           x    x    x       -
membership.contract.action_view_invoices              x      -        x       x           x    x    x       x
membership.contract.action_view_periods               x      -        x       x           x    x    x       x
membership.contract.action_view_twin                  x      -        x       x           x    x    x       x
membership.contract.alter.action_apply                -      -        -       x           x    x    x       -
membership.contract.alter.action_detach_payer         -      -        -       x           x    x    x       -
membership.contract.charge.action_charge              -      -        -       -           x    x    x       -
membership.contract.stop.action_apply                 -      -        -       x           x    x    x       -
membership.levy.action_cancel                         -      -        -       -           -    -    x       -
membership.levy.action_count                          -      -        -       -           -    -    x       -
membership.levy.action_invoice                        -      -        -       -           -    -    x       -
membership.levy.action_view_invoices                  -      -        -       -           -    x    x       x
membership.levy.action_view_members                   -      -        -       -           -    x    x       x
membership.payout.action_approve                      -      -        -       -           -    -    x       -
membership.payout.action_cancel                       -      -        -       -           -    -    x       -
membership.payout.action_csv                          -      -        -       x           -    x    x       x
membership.payout.action_pay_again                    -      -        -       -           -    -    x       -
membership.payout.action_set_off                      -      -        -       -           -    -    x       -
membership.payout.action_undo                         -      -        -       -           -    -    x       -
membership.payout.action_view_shares                  -      -        -       x           -    x    x       x
membership.payout.start.action_start                  -      -        -       -           -    -    x       -
membership.payout.undo.action_undo                    -      -        -       -           -    -    x       -
membership.period.action_bill_again                   -      -        -       -           -    x    x       -
membership.period.action_view_invoices                x      -        x       x           x    x    x       x
membership.plan.action_change_prices                  -      -        -       -           -    -    x       -
membership.plan.action_view_contracts                 -      -        x       x           x    x    x       x
membership.price.change.action_cancel                  -      -        -       -           -    -    x       -
membership.price.change.action_confirm                 -      -        -       -           -    -    x       -
membership.price.change.action_preview                 -      -        -       -           -    -    x       -
membership.price.change.action_print                   -      -        -       -           -    -    x       -
membership.price.change.action_refresh                 -      -        -       -           -    x    x       x
membership.price.change.action_undo                    -      -        -       -           -    -    x       -
membership.send.again.action_send                     -      -        -       -           x    x    x       -
membership.share.action_open_invoice                  -      -        -       x           -    x    x       x
membership.signup.action_detach_payer                 -      -        x       x           x    x    x       -
membership.signup.action_save                         -      -        x       x           x    x    x       -
membership.signup.action_save_and_bill                -      -        -       -           -    x    x       -
membership.signup.action_use_duplicate                -      -        x       x           x    x    x       -
res.partner.action_mbn_account                        -      -        -       -           x    x    x       x
res.partner.action_mbn_block                          -      -        -       -           -    x    x       -
res.partner.action_mbn_calls                          -      -        -       -           x    x    x       x
res.partner.action_mbn_change                         -      -        x       x           x    x    x       -
res.partner.action_mbn_claims                         -      -        -       -           x    x    x       x
res.partner.action_mbn_contact                        x      x        x       x           x    x    x       x
res.partner.action_mbn_correct                        -      -        x       x           x    x    x       -
res.partner.action_mbn_detach                         -      -        x       x           x    x    x       -
res.partner.action_mbn_merge                          -      -        x       x           x    x    x       -
res.partner.action_mbn_new_contract                   -      -        x       x           x    x    x       -
res.partner.action_mbn_payments                       -      -        -       -           -    x    x       x
res.partner.action_mbn_refund                         -      -        -       -           -    x    x       -
res.partner.action_mbn_send_again                     -      -        -       -           x    x    x       -
res.partner.action_mbn_sign_up                        -      -        x       x           x    x    x       -
res.partner.action_mbn_stop                           -      -        x       x           x    x    x       -
res.partner.action_mbn_undo_end                       -      -        x       x           x    x    x       -
res.partner.action_mbn_view_contracts                 x      -        x       x           x    x    x       x
billing.one.off.action_confirm                        -      -        -       x           -    x    x       -
billing.one.off.action_discard                        -      -        -       x           -    x    x       -
billing.one.off.action_preview                        -      -        -       x           -    x    x       -
billing.one.off.action_read_list                      -      -        -       x           -    x    x       -
billing.one.off.action_refresh                        -      -        -       x           -    x    x       x
billing.one.off.action_view_invoices                  -      -        -       x           -    x    x       x
billing.one.off.line.action_fix                       -      -        -       x           -    x    x       x
billing.one.off.line.action_look                      -      -        -       x           -    x    x       x
billing.preview.action_change                         -      -        -       x           x    x    x       -
billing.preview.action_portal                         -      -        -       x           x    x    x       x
membership.contract.action_one_off                    -      -        -       x           -    x    x       -
membership.contract.action_next_invoice               -      -        -       x           x    x    x       x
res.partner.action_mbn_one_off                        -      -        -       x           -    x    x       -
res.partner.action_mbn_next_invoice                   -      -        -       x           x    x    x       x
account.move.action_mbn_preview                       -      -        -       x           -    x    x       x
billing.api.make_invoices                             -      -        -       x           -    x    x       -
billing.api.preview_invoice                           -      -        -       x           -    x    x       x
billing.api.next_invoice                              -      -        -       x           x    x    x       x
"""
# Buttons of a list that do the same whatever is selected.
WITHOUT_RECORD = {"res.partner.action_mbn_sign_up"}
# What a method is called with; ``<contract>`` stands for a contract that every role but the
# employee sees, ``<member>`` for its member, ``<plan>`` for the code of its plan. Methods of
# records are called on none.
ARGUMENTS = {
    "billing.api.bank_file_outcome": {"file_id": 1},
    "billing.api.cancel_contract": {"contract_id": "<contract>", "preview": True},
    "billing.api.cancel_mandate": {"mandate_id": 1},
    "billing.api.change_contract": {"contract_id": "<contract>", "preview": True},
    "billing.api.create_contract": {
        "member_id": "<member>",
        "plan": "<plan>",
        "date_start": "2026-01-01",
    },
    "billing.api.create_member": {"name": "Someone"},
    "billing.api.entitlement": {"member_id": "<member>"},
    "billing.api.entitlements": {"members": []},
    "billing.api.make_invoices": {"rows": []},
    "billing.api.next_invoice": {"contract_id": "<contract>"},
    "billing.api.preview_invoice": {"invoice_id": 1},
    "billing.api.pause_contract": {"contract_id": "<contract>", "preview": True},
    "billing.api.resume_contract": {"contract_id": "<contract>", "preview": True},
    "billing.api.search_members": {"text": "Someone"},
    "billing.api.sign_up": {
        "member": {"name": "Someone"},
        "contract": {"plan": "<plan>", "date_start": "2026-01-01"},
    },
    "billing.api.upload_bank_file": {"name": "a.txt", "content": "eA=="},
    "billing.api.upsert_contracts": {"rows": []},
    "billing.api.upsert_mandates": {"rows": []},
    "billing.api.upsert_members": {"rows": []},
}


def models():
    """Model to role to letters."""
    return _rows(MODELS)


def methods():
    """``model.method`` to role to ``x`` or ``-``."""
    return _rows(METHODS)


def arguments(name, known):
    """What to call ``model.method`` with; ``known`` tells what the placeholders stand for."""
    return {
        key: known.get(value, value) if isinstance(value, str) else _filled(value, known)
        for key, value in ARGUMENTS.get(name, {}).items()
    }


def _filled(value, known):
    if isinstance(value, dict):
        return {key: known.get(part, part) for key, part in value.items()}
    return value


def _rows(table):
    head, *lines = [line.split() for line in table.splitlines() if line.strip()]
    return {name: dict(zip(head, cells, strict=True)) for name, *cells in lines}
