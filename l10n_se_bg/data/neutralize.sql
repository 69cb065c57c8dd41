-- A copied database seals no files.
UPDATE bank_connection SET l10n_se_sealed_key = NULL;
