-- A copied database cannot reach a bank.
UPDATE bank_channel
   SET kind = 'manual',
       is_test = true,
       stored_password = NULL,
       stored_private_key = NULL,
       stored_passphrase = NULL;
UPDATE bank_connection SET is_test = true;
