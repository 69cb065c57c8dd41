from odoo import models


class MailTemplate(models.Model):
    _inherit = "mail.template"

    def _mbn_post(self, about, thread, payer, company, attachments=()):
        """Send what the template says of ``about`` to a payer by e-mail, and keep it on ``thread``.

        It leaves with the mail queue; the message tells when it comes back.

        :param attachments: (name, bytes) of each
        :return: the ``mail.message``
        """
        parts = ("subject", "body_html", "email_from")
        values = self.sudo()._generate_template(about.ids, parts)[about.id]
        return thread.message_post(
            subject=values["subject"],
            body=values["body_html"],
            email_from=values["email_from"] or None,
            author_id=company.partner_id.id,
            partner_ids=payer.ids,
            message_type="comment",
            subtype_xmlid="mail.mt_note",
            email_layout_xmlid="mail.mail_notification_light",
            attachments=list(attachments),
            force_send=False,
        )
