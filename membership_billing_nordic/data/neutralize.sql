-- A copied database cannot reach a bank.
UPDATE bank_channel SET kind = 'manual';
UPDATE bank_connection SET is_test = true;
